# Fuzzing: with DUALBANK_FUZZ (clang) a libFuzzer program for each target of fuzz/, else only the tests that replay corpora and
# findings.

file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/*.cpp)
list(FILTER fuzz_sources EXCLUDE REGEX "/fuzzer_main\\.cpp$|_test\\.cpp$")
add_library(dualbank_fuzz STATIC ${fuzz_sources})
dualbank_settings(dualbank_fuzz QUICK TEST)
target_include_directories(dualbank_fuzz PUBLIC ${PROJECT_SOURCE_DIR})
target_link_libraries(dualbank_fuzz PUBLIC dualbank::sim dualbank::engine dualbank::formats)

if(DUALBANK_FUZZ)
  foreach(source IN LISTS fuzz_sources)
    get_filename_component(name ${source} NAME_WE)
    if(name STREQUAL "targets")
      continue()
    endif()
    add_executable(fuzz_${name} ${PROJECT_SOURCE_DIR}/fuzz/fuzzer_main.cpp)
    dualbank_settings(fuzz_${name} QUICK)
    target_compile_definitions(fuzz_${name} PRIVATE DUALBANK_FUZZ_TARGET=${name})
    target_link_libraries(fuzz_${name} PRIVATE dualbank_fuzz)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endforeach()
endif()
