# For a device: programs that use the library as a product would, for tools/check_cross, which links and measures them.

foreach(program boot_choice boot_compact boot update all update_explained)
  add_library(cross_${program} OBJECT ${PROJECT_SOURCE_DIR}/tests/cross/${program}.cpp)
  dualbank_settings(cross_${program} DEVICE)
  target_link_libraries(cross_${program} PRIVATE dualbank::engine)
  # One folder, so that the tool finds them by name.
  add_custom_target(copy_${program} ALL VERBATIM
    COMMAND ${CMAKE_COMMAND} -E copy_if_different $<TARGET_OBJECTS:cross_${program}> ${PROJECT_BINARY_DIR}/${program}.o)
  add_dependencies(copy_${program} cross_${program})
endforeach()

add_library(cross_ports OBJECT ${PROJECT_SOURCE_DIR}/tests/cross/ports.cpp ${PROJECT_SOURCE_DIR}/tests/cross/esp_idf_example.cpp
            ${PROJECT_SOURCE_DIR}/dualbank/ports/esp_idf/sha256_blocks.cpp)
dualbank_settings(cross_ports DEVICE)
target_include_directories(cross_ports PRIVATE ${PROJECT_SOURCE_DIR}/tests/stand_ins/pico_sdk
                           ${PROJECT_SOURCE_DIR}/tests/stand_ins/esp_idf)
target_link_libraries(cross_ports PRIVATE dualbank::engine)
