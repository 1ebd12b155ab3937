# One target per room, with only its allowed links.

set(dualbank_warnings
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wsign-conversion -Wcast-qual -Wformat=2 -Wimplicit-fallthrough
    -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wundef -Wvla -Wextra-semi)

# Settings of everything that is compiled here. Private: nothing of them reaches a user's own code.
function(dualbank_settings target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  if(dualbank_hosted)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  endif()
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${dualbank_warnings}>
                                           $<$<BOOL:${DUALBANK_WERROR}>:-Werror>)
  if(DUALBANK_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage -O0 -fno-inline)
    target_link_options(${target} PUBLIC --coverage)
  endif()
  if(DUALBANK_SANITIZE)
    # vptr needs RTTI, which the device rooms do without.
    target_compile_options(${target} PRIVATE -fsanitize=${DUALBANK_SANITIZE} -fno-sanitize=vptr
                                             -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${DUALBANK_SANITIZE})
  endif()
endfunction()

# dualbank_room(NAME [DEVICE] SOURCES glob... [LINKS room...]): target dualbank_NAME, dualbank::NAME for users.
# DEVICE: no exceptions, no RTTI, no guards around statics.
function(dualbank_room name)
  cmake_parse_arguments(PARSE_ARGV 1 room "DEVICE" "" "SOURCES;LINKS")
  set(target dualbank_${name})
  set(sources)
  if(room_SOURCES)
    list(TRANSFORM room_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/)
    file(GLOB sources CONFIGURE_DEPENDS ${room_SOURCES})
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$|/main\\.cpp$")
  endif()
  list(TRANSFORM room_LINKS PREPEND dualbank::)
  if(sources)
    set(scope PUBLIC)
    add_library(${target} STATIC ${sources})
    dualbank_settings(${target})
    if(room_DEVICE)
      target_compile_options(${target} PRIVATE -fno-exceptions -fno-rtti -fno-threadsafe-statics)
      if(NOT dualbank_hosted)
        target_compile_options(${target} PRIVATE -ffunction-sections -fdata-sections)
      endif()
    endif()
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
