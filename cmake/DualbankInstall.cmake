# The library as a package: find_package(dualbank), then dualbank::formats, dualbank::engine, dualbank::ports and
# dualbank::sim. With the command: its man page and completions too.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/dualbank)

set(installed dualbank_formats dualbank_engine dualbank_ports dualbank_c)
set(header_folders formats engine bindings/c)
foreach(port IN LISTS DUALBANK_PORTS)
  list(APPEND header_folders ports/${port})
endforeach()
if(TARGET dualbank_sim)
  list(APPEND installed dualbank_sim)
  list(APPEND header_folders sim)
endif()
foreach(folder IN LISTS header_folders)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/dualbank/${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dualbank/${folder}
          FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h" PATTERN "*.inc" PATTERN "*_test*" EXCLUDE)
endforeach()
install(TARGETS ${installed} EXPORT dualbank ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT dualbank NAMESPACE dualbank:: DESTINATION ${package_folder} FILE dualbank-targets.cmake)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/dualbank-config.cmake.in
                              ${PROJECT_BINARY_DIR}/generated/dualbank-config.cmake
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/dualbank-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/dualbank-config.cmake
              ${PROJECT_BINARY_DIR}/generated/dualbank-config-version.cmake DESTINATION ${package_folder})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(TARGET dualbank_command)
  install(TARGETS dualbank_command DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(DIRECTORY ${PROJECT_BINARY_DIR}/share/ DESTINATION ${CMAKE_INSTALL_DATADIR})
endif()

# For the verb run, which finds it from where the command is. `pip install .` puts the package into Python itself.
if(TARGET python_module)
  install(DIRECTORY ${PROJECT_BINARY_DIR}/python/ DESTINATION lib/dualbank/python OPTIONAL
          PATTERN __pycache__ EXCLUDE)
endif()
