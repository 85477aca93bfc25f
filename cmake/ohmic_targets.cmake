# Two functions, so that a block's CMakeLists.txt is a list of sources.

# ohmic_block(NAME [SOURCES ...] [LINK ...]): a library target ohmic_NAME, alias ohmic::NAME.
# Without sources it is header-only. Includes are written from the project root: "ip/dma/dma.h".
function(ohmic_block name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  if(arg_SOURCES)
    add_library(ohmic_${name} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(ohmic_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(ohmic::${name} ALIAS ohmic_${name})
  set_target_properties(ohmic_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(ohmic_${name} ${scope}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>
    $<INSTALL_INTERFACE:include/ohmic>)
  target_compile_features(ohmic_${name} ${scope} cxx_std_17)
  if(arg_LINK)
    target_link_libraries(ohmic_${name} ${scope} ${arg_LINK})
  endif()
endfunction()

# ohmic_test(NAME SOURCES ... [LINK ...] [PROPERTIES ...]): one GoogleTest program, registered case by case with
# ctest, each case with these properties.
function(ohmic_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PROPERTIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES ${arg_PROPERTIES})
endfunction()
