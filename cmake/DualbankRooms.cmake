# One target per room, with only its allowed links.

set(dualbank_warnings
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual -Wformat=2 -Wimplicit-fallthrough -Wnon-virtual-dtor
    -Wold-style-cast -Woverloaded-virtual -Wundef -Wvla -Wextra-semi)
set(dualbank_device_warnings -Wsign-conversion -Wcast-align -Wdouble-promotion)
# What g++ 12 wrongly sees in the standard library's own containers once they are inlined.
set(dualbank_hosted_warnings)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(dualbank_hosted_warnings -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
                               -Wno-restrict -Wno-free-nonheap-object)
endif()

# dualbank_settings(TARGET [DEVICE] [QUICK] [TEST]): settings of everything that is compiled here. Private: nothing of them
# reaches a user's own code. DEVICE: no exceptions, no RTTI, no guards around statics. QUICK: less time to compile, for code
# that spends none when it runs.
function(dualbank_settings target)
  cmake_parse_arguments(PARSE_ARGV 1 settings "DEVICE;QUICK;TEST" "" "")
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  if(dualbank_hosted)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  endif()
  set(warnings ${dualbank_warnings})
  if(settings_DEVICE)
    list(APPEND warnings ${dualbank_device_warnings})
    target_compile_options(${target} PRIVATE -fno-exceptions -fno-rtti -fno-threadsafe-statics)
    if(NOT dualbank_hosted)
      target_compile_options(${target} PRIVATE -ffunction-sections -fdata-sections)
    endif()
  else()
    list(APPEND warnings ${dualbank_hosted_warnings})
  endif()
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${warnings}>
                                           $<$<BOOL:${DUALBANK_WERROR}>:-Werror>)
  if(DUALBANK_COVERAGE)
    target_compile_options(${target} PRIVATE $<$<BOOL:${settings_DEVICE}>:--coverage>)
    target_link_options(${target} PUBLIC --coverage)
  endif()
  if(settings_QUICK)
    target_compile_options(${target} PRIVATE -O1 -g1)
  endif()
  set(sanitize ${DUALBANK_SANITIZE})
  if(settings_TEST)
    # What the tests test was compiled with all of them; here they would double the time to compile.
    string(REPLACE "address,undefined" "address" sanitize "${sanitize}")
  endif()
  if(sanitize)
    # vptr needs RTTI, which the device rooms do without.
    target_compile_options(${target} PRIVATE -fsanitize=${sanitize} -fno-sanitize=vptr -fno-sanitize-recover=all
                                             -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${DUALBANK_SANITIZE})
  endif()
endfunction()

# dualbank_room(NAME [DEVICE] [QUICK] SOURCES glob... [LINKS room...]): target dualbank_NAME, dualbank::NAME for users.
function(dualbank_room name)
  cmake_parse_arguments(PARSE_ARGV 1 room "DEVICE;QUICK" "" "SOURCES;LINKS")
  set(target dualbank_${name})
  set(sources)
  if(room_SOURCES)
    list(TRANSFORM room_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/)
    file(GLOB sources CONFIGURE_DEPENDS ${room_SOURCES})
    # A port's sha256_blocks.cpp is for a program that wants it in the place of formats' own, never in a library beside it.
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$|/main\\.cpp$|/ports/.*/sha256_blocks\\.cpp$")
  endif()
  list(TRANSFORM room_LINKS PREPEND dualbank::)
  if(sources)
    set(scope PUBLIC)
    add_library(${target} STATIC ${sources})
    set(settings)
    foreach(setting DEVICE QUICK)
      if(room_${setting})
        list(APPEND settings ${setting})
      endif()
    endforeach()
    dualbank_settings(${target} ${settings})
  else()
    set(scope INTERFACE)
    add_library(${target} INTERFACE)
    target_compile_features(${target} INTERFACE cxx_std_20)
  endif()
  add_library(dualbank::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(${target} ${scope} $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include>)
  target_link_libraries(${target} ${scope} ${room_LINKS})
  set_property(GLOBAL APPEND PROPERTY dualbank_rooms ${target})
endfunction()
