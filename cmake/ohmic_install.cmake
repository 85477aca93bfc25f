# What an installation offers: the hardware blocks under ip/ as targets ohmic::<block>, with their headers, found by
# find_package(ohmic). Component "development", so that it can be installed without the programs:
#   cmake --install build/release --component development --prefix DIRECTORY
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(ohmic_public_blocks
  core tcdm registers event_unit icache mvm pcm ima dma axi axi_network hbm tlm iss
  cluster_control platform_control platform_control_module)
list(TRANSFORM ohmic_public_blocks PREPEND ohmic_ OUTPUT_VARIABLE ohmic_public_targets)
set(ohmic_package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/ohmic)

install(TARGETS ${ohmic_public_targets} EXPORT ohmic_targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(EXPORT ohmic_targets NAMESPACE ohmic:: DESTINATION ${ohmic_package_folder} COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/ip DESTINATION include/ohmic COMPONENT development
  FILES_MATCHING PATTERN "*.h" PATTERN "*.inc")
install(DIRECTORY ${PROJECT_BINARY_DIR}/generated/registers DESTINATION include/ohmic COMPONENT development
  FILES_MATCHING PATTERN "*.h")

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/ohmicConfig.cmake.in ${PROJECT_BINARY_DIR}/ohmicConfig.cmake
  INSTALL_DESTINATION ${ohmic_package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ohmicConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ohmicConfig.cmake ${PROJECT_BINARY_DIR}/ohmicConfigVersion.cmake
  DESTINATION ${ohmic_package_folder} COMPONENT development)
