# The Python package, importable from build/python. One extension for CPython 3.11 and every later one (abi3).

set(package_folder ${PROJECT_SOURCE_DIR}/dualbank/bindings/python)
file(GLOB extension_sources CONFIGURE_DEPENDS ${package_folder}/*.cpp ${package_folder}/*.c)
list(FILTER extension_sources EXCLUDE REGEX "_test\\.cpp$")
if(NOT extension_sources)
  dualbank_missing("the Python module" ${DUALBANK_PYTHON} "dualbank/bindings/python has no sources")
  return()
endif()
# The first python3 of PATH may be a version manager's wrapper without headers: outside a virtual environment the
# system's own comes first.
if(NOT DEFINED Python3_EXECUTABLE AND NOT DEFINED ENV{VIRTUAL_ENV} AND EXISTS /usr/bin/python3)
  set(Python3_EXECUTABLE /usr/bin/python3)
  find_package(Python3 3.11 QUIET COMPONENTS Interpreter Development.Module)
  if(NOT Python3_FOUND)
    unset(Python3_EXECUTABLE)
    unset(Python3_EXECUTABLE CACHE)
  endif()
endif()
find_package(Python3 3.11 QUIET COMPONENTS Interpreter Development.Module)
if(NOT Python3_FOUND)
  dualbank_missing("the Python module" ${DUALBANK_PYTHON} "Python 3.11 with its headers was not found (python3-dev)")
  return()
endif()
if(NOT "file" IN_LIST DUALBANK_PORTS)
  dualbank_missing("the Python module" ${DUALBANK_PYTHON} "DUALBANK_PORTS is without the port 'file'")
  return()
endif()
if(extension_sources MATCHES "\\.c(;|$)")
  enable_language(C)
endif()

set(python_folder ${PROJECT_BINARY_DIR}/python/dualbank)
Python3_add_library(python_module MODULE ${extension_sources})
dualbank_settings(python_module)
target_link_libraries(python_module PRIVATE dualbank_hash dualbank::ports dualbank::engine dualbank::formats)
target_include_directories(python_module PRIVATE ${PROJECT_SOURCE_DIR})
target_compile_definitions(python_module PRIVATE Py_LIMITED_API=0x030B0000 DUALBANK_VERSION="${PROJECT_VERSION}")
target_link_options(python_module PRIVATE -Wl,--exclude-libs,ALL)
if(NOT DUALBANK_SANITIZE)
  # Few calls of it are used: to load the whole library takes longer than all the rest of an import.
  target_link_options(python_module PRIVATE -static-libstdc++ -static-libgcc)
endif()
set_target_properties(python_module PROPERTIES
  OUTPUT_NAME _dualbank PREFIX "" SUFFIX .abi3.so LIBRARY_OUTPUT_DIRECTORY $<1:${python_folder}>
  CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden)

file(GLOB_RECURSE package_files CONFIGURE_DEPENDS RELATIVE ${package_folder}
     ${package_folder}/*.py ${package_folder}/*.pyi ${package_folder}/py.typed)
set(copies)
foreach(name IN LISTS package_files)
  add_custom_command(OUTPUT ${python_folder}/${name} DEPENDS ${package_folder}/${name} VERBATIM
                     COMMAND ${CMAKE_COMMAND} -E copy ${package_folder}/${name} ${python_folder}/${name})
  list(APPEND copies ${python_folder}/${name})
endforeach()
add_custom_target(python_package ALL DEPENDS ${copies})
add_dependencies(python_package python_module)
