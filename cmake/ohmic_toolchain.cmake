# Compiler launcher, linker and warnings, shared by every target of the project.
find_program(OHMIC_CCACHE ccache)
if(OHMIC_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${OHMIC_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${OHMIC_CCACHE})
endif()

find_program(OHMIC_MOLD mold)
if(OHMIC_MOLD AND NOT OHMIC_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

set(OHMIC_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=... (address,undefined or thread)")
if(OHMIC_SANITIZE)
  add_compile_options(-fsanitize=${OHMIC_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${OHMIC_SANITIZE})
  if(OHMIC_SANITIZE MATCHES address)
    # SystemC's threads have stacks of their own, which AddressSanitizer's stand-in stacks cannot follow.
    set(OHMIC_SANITIZE_OPTIONS -fsanitize-address-use-after-return=never)
    add_compile_options(${OHMIC_SANITIZE_OPTIONS})
  endif()
endif()

add_compile_options(-Wall -Wextra -Wshadow -Wno-unused-parameter)
