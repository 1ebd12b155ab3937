# dualbank as a component of ESP-IDF: formats, engine and the C interface, and what Kconfig adds. The port is headers,
# compiled where they are included. ESP-IDF reads this twice, first as a script, where globs can depend on nothing, there
# is no target, and of Kconfig nothing is known: what is required may not depend on it.
set(root ${CMAKE_CURRENT_LIST_DIR}/..)
file(GLOB sources ${root}/dualbank/formats/*.cpp ${root}/dualbank/engine/*.cpp ${root}/dualbank/bindings/c/*.cpp)
list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
if(CONFIG_DUALBANK_SIGNATURES)
  list(APPEND sources ${root}/dualbank/ports/mbedtls/mbedtls_verifier.cpp)
endif()
if(CONFIG_DUALBANK_SHA256_HARDWARE)
  list(FILTER sources EXCLUDE REGEX "/formats/sha256_blocks\\.cpp$")
  list(APPEND sources ${root}/dualbank/ports/esp_idf/sha256_blocks.cpp)
endif()
idf_component_register(SRCS ${sources} INCLUDE_DIRS ${root} REQUIRES app_update efuse esp_partition mbedtls spi_flash)
target_compile_features(${COMPONENT_LIB} PUBLIC cxx_std_20)
