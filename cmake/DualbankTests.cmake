# Unit tests sit beside their file; what crosses rooms is in tests/: GoogleTests (*_test.cpp) and scripts (*_test.py).

find_package(GTest REQUIRED)
include(GoogleTest)

# dualbank_tests(NAME SOURCES glob... LINKS target...): one program of GoogleTests, each test of it one of CTest.
function(dualbank_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 tests "" "" "SOURCES;LINKS")
  list(TRANSFORM tests_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${tests_SOURCES})
  if(NOT TARGET dualbank_mbedtls)
    list(FILTER sources EXCLUDE REGEX "/ports/mbedtls/")
  endif()
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_tests ${sources})
  dualbank_settings(${name}_tests QUICK TEST)
  target_include_directories(${name}_tests PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests/stand_ins/pico_sdk
                             ${PROJECT_SOURCE_DIR}/tests/stand_ins/esp_idf)
  target_link_libraries(${name}_tests PRIVATE ${tests_LINKS} GTest::gmock_main)
  target_compile_definitions(${name}_tests PRIVATE DUALBANK_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  list(LENGTH sources count)
  if(count GREATER 8)  # fewer do not earn it back
    target_precompile_headers(${name}_tests PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  gtest_discover_tests(${name}_tests TEST_PREFIX "${name}: " NO_PRETTY_TYPES NO_PRETTY_VALUES DISCOVERY_MODE PRE_TEST
                       PROPERTIES TIMEOUT 600)
endfunction()

# Scripts get the command, the Python package and this build folder from their environment.
function(dualbank_script_tests folder)
  file(GLOB scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*_test.py)
  foreach(script IN LISTS scripts)
    get_filename_component(name ${script} NAME_WE)
    add_test(NAME "${folder}: ${name}" COMMAND ${Python3_EXECUTABLE} -B ${script}
             WORKING_DIRECTORY ${PROJECT_BINARY_DIR})
    # Skipped: a script that says so, or all of whose tests unittest marks with an s. Scripts come first: they take long,
    # and the thousands of short tests fill the cores until the end.
    set_tests_properties("${folder}: ${name}" PROPERTIES COST 100 TIMEOUT 600 SKIP_REGULAR_EXPRESSION "^(skipped: |s+\n)" ENVIRONMENT
      "DUALBANK_BIN=${PROJECT_BINARY_DIR}/dualbank;DUALBANK_BUILD=${PROJECT_BINARY_DIR};PYTHONPATH=${PROJECT_BINARY_DIR}/python")
  endforeach()
endfunction()

get_property(rooms GLOBAL PROPERTY dualbank_rooms)
foreach(room IN LISTS rooms)
  string(REPLACE "dualbank_" "" name ${room})
  # A room's tests may look at all rooms.
  dualbank_tests(${name} SOURCES dualbank/${name}/*_test.cpp LINKS ${rooms})
endforeach()

if(NOT Python3_EXECUTABLE)
  find_package(Python3 3.11 COMPONENTS Interpreter)
endif()
file(GLOB folders CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/tests/*/*_test.*)
list(TRANSFORM folders REPLACE "/.*" "")
list(REMOVE_DUPLICATES folders)
foreach(folder IN LISTS folders)
  dualbank_tests(tests_${folder} SOURCES tests/${folder}/*_test.cpp LINKS ${rooms})
  if(Python3_FOUND AND (DUALBANK_SCRIPT_TESTS STREQUAL "all" OR folder IN_LIST DUALBANK_SCRIPT_TESTS))
    dualbank_script_tests(${folder})
  endif()
endforeach()

# OpenSSL's SHA-256 in the place of the portable one.
if(TARGET dualbank_openssl)
  dualbank_tests(openssl SOURCES dualbank/formats/sha256_test.cpp dualbank/formats/app_image_verifier_test.cpp
                 LINKS dualbank_hash ${rooms})
endif()

# What the component for ESP-IDF takes in that place: compiled, on the stand-ins.
add_library(esp_idf_sha256 OBJECT ${PROJECT_SOURCE_DIR}/dualbank/ports/esp_idf/sha256_blocks.cpp)
dualbank_settings(esp_idf_sha256 DEVICE)
target_include_directories(esp_idf_sha256 PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests/stand_ins/esp_idf)

# Corpora and findings of the fuzzers, replayed.
if(TARGET dualbank_fuzz)
  dualbank_tests(fuzz SOURCES fuzz/*_test.cpp LINKS dualbank_fuzz ${rooms})
endif()

# What updates cost a flash: `make bench`.
if(DUALBANK_SIM)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.cpp)
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  add_executable(dualbank_bench ${sources})
  dualbank_settings(dualbank_bench QUICK TEST)
  target_link_libraries(dualbank_bench PRIVATE dualbank::sim dualbank::engine dualbank::formats GTest::gtest)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  dualbank_tests(bench SOURCES bench/*_test.cpp LINKS ${rooms})
  target_sources(bench_tests PRIVATE ${sources})
endif()

# A device behind a pseudo terminal, for the scripts that speak with one.
if(Python3_FOUND)
  add_executable(serial_device ${PROJECT_SOURCE_DIR}/tests/serial/serial_device.cpp)
  dualbank_settings(serial_device QUICK TEST)
  target_link_libraries(serial_device PRIVATE dualbank::ports dualbank::engine dualbank::formats)
endif()

# The first of the emulated board's tests builds it for the others.
get_property(device_tests DIRECTORY PROPERTY TESTS)
list(FILTER device_tests INCLUDE REGEX "^device: ")
if(device_tests)
  list(REMOVE_ITEM device_tests "device: build_test")
  set_tests_properties("device: build_test" PROPERTIES FIXTURES_SETUP device)
  set_tests_properties(${device_tests} PROPERTIES FIXTURES_REQUIRED device)
endif()
