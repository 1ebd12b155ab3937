# The command, at the top of the build folder: build/dualbank. Its man page and completions: build/share.

if(NOT EXISTS ${PROJECT_SOURCE_DIR}/dualbank/cli/main.cpp)
  dualbank_missing("the command" ${DUALBANK_COMMAND} "dualbank/cli/main.cpp is not there")
  return()
endif()
foreach(package CLI11 fmt nlohmann_json)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    dualbank_missing("the command" ${DUALBANK_COMMAND} "${package} was not found (tools/setup build installs it)")
    return()
  endif()
endforeach()

if(NOT TARGET dualbank_mbedtls OR EXISTS ${DUALBANK_MBEDTLS_INCLUDE}/mbedtls/build_info.h)
  dualbank_missing("the command" ${DUALBANK_COMMAND} "it needs mbedTLS 2.28 (tools/setup build installs it)")
  return()
endif()
if(NOT DUALBANK_SIM)
  dualbank_missing("the command" ${DUALBANK_COMMAND} "DUALBANK_SIM is off, and the verb sim needs it")
  return()
endif()
dualbank_room(cli QUICK SOURCES dualbank/cli/*.cpp dualbank/cli/*/*.cpp LINKS mbedtls ports sim engine formats)
target_link_libraries(dualbank_cli PUBLIC CLI11::CLI11 fmt::fmt nlohmann_json::nlohmann_json)
target_compile_definitions(dualbank_cli PUBLIC DUALBANK_VERSION="${PROJECT_VERSION}")

# boards.txt is checked here: a line that is wrong stops the build.
file(GLOB board_table_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/dualbank/cli/board_table/*.cpp)
list(FILTER board_table_sources EXCLUDE REGEX "_test\\.cpp$")
add_executable(dualbank_board_table ${board_table_sources} dualbank/cli/numbers.cpp)
dualbank_settings(dualbank_board_table QUICK)
target_link_libraries(dualbank_board_table PRIVATE dualbank::ports dualbank::engine dualbank::formats fmt::fmt)
set(boards_txt ${PROJECT_SOURCE_DIR}/dualbank/cli/boards.txt)
set(boards_cpp ${PROJECT_BINARY_DIR}/generated/boards_table.cpp)
add_custom_command(OUTPUT ${boards_cpp} DEPENDS ${boards_txt} dualbank_board_table VERBATIM
                   COMMAND dualbank_board_table ${boards_txt} ${boards_cpp})
target_sources(dualbank_cli PRIVATE ${boards_cpp})

add_executable(dualbank_command dualbank/cli/main.cpp)
dualbank_settings(dualbank_command QUICK)
target_link_libraries(dualbank_command PRIVATE dualbank_hash dualbank::cli)
set_target_properties(dualbank_command PROPERTIES OUTPUT_NAME dualbank
                                                  RUNTIME_OUTPUT_DIRECTORY $<1:${PROJECT_BINARY_DIR}>)

# Both are made from the text of --help, by the command itself.
set(share ${PROJECT_BINARY_DIR}/share)
set(dualbank_pages
    "man/man1/dualbank.1=man" "bash-completion/completions/dualbank=completions bash"
    "zsh/site-functions/_dualbank=completions zsh" "fish/vendor_completions.d/dualbank.fish=completions fish")
set(pages)
foreach(page IN LISTS dualbank_pages)
  string(REGEX MATCH "^([^=]+)=(.+)$" matched ${page})
  set(file ${share}/${CMAKE_MATCH_1})
  separate_arguments(words UNIX_COMMAND ${CMAKE_MATCH_2})
  get_filename_component(folder ${file} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${file} DEPENDS dualbank_command VERBATIM COMMAND dualbank_command ${words} > ${file})
  list(APPEND pages ${file})
endforeach()
add_custom_target(dualbank_pages ALL DEPENDS ${pages})
