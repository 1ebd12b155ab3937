# For WebAssembly: the command's verbs that look at a dump or change one, for the page of dualbank/bindings/web.
# tools/build_web configures and builds it, says where the table of boards and the headers are, and makes the page of it.

set(cli_sources
    arguments context csv_table describe dump extended_drive find_chip findings firmware flash_map flash_view
    foreign intel_hex known_layout next_steps numbers partition_name platform refused repair_plan signature slot_name
    suggest table_findings target watched_flash verbs/inspect verbs/map verbs/records verbs/repair verbs/reset
    verbs/status)
list(TRANSFORM cli_sources REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/dualbank/cli/\\1.cpp")
file(GLOB web_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/dualbank/bindings/web/*.cpp)
add_executable(dualbank_web ${web_sources} ${cli_sources} ${DUALBANK_BOARDS_TABLE})
dualbank_settings(dualbank_web)
target_link_libraries(dualbank_web PRIVATE dualbank::engine dualbank::formats)
# fmt and nlohmann/json, of which only the headers are used. No verb here writes a number with a point, which is a third
# of fmt's bytes.
target_include_directories(dualbank_web SYSTEM PRIVATE ${DUALBANK_HEADERS})
target_compile_definitions(dualbank_web PRIVATE FMT_HEADER_ONLY "FMT_STATIC_THOUSANDS_SEPARATOR=','" FMT_USE_FLOAT=0
                           FMT_USE_DOUBLE=0 FMT_USE_LONG_DOUBLE=0 FMT_USE_INT128=0)
target_precompile_headers(dualbank_web PRIVATE <fmt/format.h> <nlohmann/json.hpp> <functional> <string> <vector>)
# What stands in for a class of the command need not use all of it.
target_compile_options(dualbank_web PRIVATE -Wno-unused-private-field)
# throw without a table to unwind by: runtime.cpp says what comes of it.
foreach(target dualbank_formats dualbank_engine)
  target_compile_options(${target} PRIVATE -Oz -flto)
endforeach()
target_compile_options(dualbank_web PRIVATE -fexceptions -fvisibility=hidden -Oz -flto)
target_link_options(dualbank_web PRIVATE -mexec-model=reactor -Oz -flto
                    LINKER:--gc-sections,--strip-all,--export=__stack_pointer)
set_target_properties(dualbank_web PROPERTIES SUFFIX .wasm)
