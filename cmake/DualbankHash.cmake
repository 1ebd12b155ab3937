# SHA-256 for programs of a computer: OpenSSL's, in dualbank_hash; linked to nothing where OpenSSL is not there, so that the
# portable one of formats stays. OpenSSL as a static library: three objects of it, and no time to load it.

add_library(dualbank_hash INTERFACE)
if(dualbank_hosted)
  # The checksum of an image in vectors; at -O2 g++ takes it byte by byte.
  set_source_files_properties(${PROJECT_SOURCE_DIR}/dualbank/formats/app_image.cpp PROPERTIES COMPILE_OPTIONS -ftree-vectorize)
endif()
if(NOT dualbank_hosted OR DUALBANK_OPENSSL STREQUAL "OFF")
  return()
endif()
set(OPENSSL_USE_STATIC_LIBS ON)
find_package(OpenSSL QUIET)
if(NOT OpenSSL_FOUND)
  dualbank_missing("SHA-256 by OpenSSL" ${DUALBANK_OPENSSL} "libcrypto.a was not found (tools/setup build installs it)")
  return()
endif()
add_library(dualbank_openssl OBJECT ${PROJECT_SOURCE_DIR}/dualbank/ports/openssl/sha256_blocks.cpp)
dualbank_settings(dualbank_openssl DEVICE)
target_include_directories(dualbank_openssl PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(dualbank_openssl PUBLIC OpenSSL::Crypto)
target_link_libraries(dualbank_hash INTERFACE dualbank_openssl $<TARGET_OBJECTS:dualbank_openssl>)
