# dualbank as a component of ESP-IDF: formats, engine and the C interface. The port is headers, compiled where they are
# included. ESP-IDF reads this twice, first as a script, where globs can depend on nothing and there is no target.
set(root ${CMAKE_CURRENT_LIST_DIR}/..)
file(GLOB sources ${root}/dualbank/formats/*.cpp ${root}/dualbank/engine/*.cpp ${root}/dualbank/bindings/c/*.cpp)
list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
idf_component_register(SRCS ${sources} INCLUDE_DIRS ${root} REQUIRES app_update efuse esp_partition spi_flash)
target_compile_features(${COMPONENT_LIB} PUBLIC cxx_std_20)
