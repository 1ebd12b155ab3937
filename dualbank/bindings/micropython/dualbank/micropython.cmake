# The module for ports that build with CMake: USER_C_MODULES=.../dualbank/bindings/micropython/dualbank/micropython.cmake
get_filename_component(dualbank_root ${CMAKE_CURRENT_LIST_DIR}/../../../.. ABSOLUTE)
set(dualbank_core core_engine core_formats core_interface core_updater)
list(TRANSFORM dualbank_core REPLACE "(.+)" "${CMAKE_CURRENT_LIST_DIR}/\\1.cpp")

# The port's own C++ standard and language options come before: these win.
set_source_files_properties(${dualbank_core} PROPERTIES
  COMPILE_OPTIONS "-std=c++20;-fno-exceptions;-fno-rtti;-fno-threadsafe-statics")

add_library(usermod_dualbank INTERFACE)
target_sources(usermod_dualbank INTERFACE ${dualbank_core}
  ${CMAKE_CURRENT_LIST_DIR}/moddualbank.c ${CMAKE_CURRENT_LIST_DIR}/block_device.c ${CMAKE_CURRENT_LIST_DIR}/board.c
  ${CMAKE_CURRENT_LIST_DIR}/error.c ${CMAKE_CURRENT_LIST_DIR}/esp_flash.c ${CMAKE_CURRENT_LIST_DIR}/report.c)
target_include_directories(usermod_dualbank INTERFACE ${dualbank_root})
target_link_libraries(usermod INTERFACE usermod_dualbank)
