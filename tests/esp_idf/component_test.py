"""The repository as a component of ESP-IDF: read as its build system reads it, with stand-ins for its functions."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "esp_idf_ota"
COMMAND = os.environ.get("DUALBANK_BIN", "dualbank")

# ESP-IDF first reads every component as a script, for what it requires, then as a part of the build.
SCRIPT = """
macro(idf_component_register)
  cmake_parse_arguments(_ "" "" "SRCS;INCLUDE_DIRS;REQUIRES" ${ARGN})
  message(STATUS "requires ${__REQUIRES}")
  return()
endmacro()
include(%s/CMakeLists.txt)
"""
PROJECT = """
cmake_minimum_required(VERSION 3.16)
project(app CXX)
set(ESP_PLATFORM 1)
function(idf_component_register)
  cmake_parse_arguments(_ "" "" "SRCS;INCLUDE_DIRS;REQUIRES" ${ARGN})
  add_library(dualbank_component STATIC ${__SRCS})
  target_include_directories(dualbank_component PUBLIC ${__INCLUDE_DIRS})
  set(COMPONENT_LIB dualbank_component PARENT_SCOPE)
endfunction()
add_subdirectory(%s component)
add_executable(app app.cpp)
target_link_libraries(app dualbank_component)
get_target_property(sources dualbank_component SOURCES)
message(STATUS "sources ${sources}")
get_property(targets DIRECTORY ${CMAKE_BINARY_DIR}/component PROPERTY BUILDSYSTEM_TARGETS)
message(STATUS "targets ${targets}")
"""
APP = """
#include "dualbank/bindings/c/dualbank.h"
#include "dualbank/engine/updater.hpp"
#include "dualbank/ports/esp_idf/esp_idf_options.hpp"
int main() { return 0; }
"""


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, **more)


class Component(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def test_as_a_script_it_says_what_it_requires(self):
        (self.folder / "requirements.cmake").write_text(SCRIPT % ROOT)
        done = run("cmake", "-D", "ESP_PLATFORM=1", "-P", self.folder / "requirements.cmake")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("requires app_update;efuse;esp_partition;spi_flash", done.stdout)

    def test_in_the_build_it_is_formats_engine_and_c_and_nothing_else_of_the_repository(self):
        (self.folder / "CMakeLists.txt").write_text(PROJECT % ROOT)
        (self.folder / "app.cpp").write_text(APP)
        done = run("cmake", "-S", self.folder, "-B", self.folder / "out", "-G", "Unix Makefiles")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("targets dualbank_component\n", done.stdout)
        sources = re.search(r"sources (.+)", done.stdout).group(1).split(";")
        rooms = [ROOT / "dualbank" / room for room in ("formats", "engine", "bindings/c")]
        wanted = {f.resolve() for room in rooms for f in room.glob("*.cpp") if not f.name.endswith("_test.cpp")}
        self.assertEqual({pathlib.Path(s).resolve() for s in sources}, wanted)
        environment = {**os.environ, "CPATH": str(ROOT / "tests" / "stand_ins" / "esp_idf")}
        done = run("cmake", "--build", self.folder / "out", "--target", "app.o", env=environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Page(unittest.TestCase):
    def test_its_programs_compile(self):
        page = (ROOT / "docs" / "ESP-IDF.md").read_text()
        programs = re.findall(r"^```c\+\+\n(.+?)^```$", page, re.MULTILINE | re.DOTALL)
        self.assertEqual(len(programs), 2)
        for program in programs:
            done = run("g++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{ROOT}",
                       f"-I{ROOT / 'tests' / 'stand_ins' / 'esp_idf'}", "-x", "c++", "-", input=program)
            self.assertEqual(done.returncode, 0, done.stderr)


class Kconfig(unittest.TestCase):
    def test_the_policy_follows_the_bootloader_unless_told_otherwise(self):
        try:
            import kconfiglib
        except ImportError:
            self.skipTest("no kconfiglib")
        with tempfile.TemporaryDirectory() as folder:
            whole = pathlib.Path(folder) / "Kconfig"
            whole.write_text('config BOOTLOADER_APP_ROLLBACK_ENABLE\n    bool "rolls back"\n\n'
                             f'source "{ROOT / "Kconfig"}"\nsource "{EXAMPLE / "main" / "Kconfig.projbuild"}"\n')
            tree = kconfiglib.Kconfig(str(whole), warn_to_stderr=False)
            symbols = tree.syms
            self.assertEqual(tree.warnings, [])
            self.assertEqual(symbols["DUALBANK_POLICY_STOCK"].str_value, "y")
            symbols["BOOTLOADER_APP_ROLLBACK_ENABLE"].set_value("y")
            self.assertEqual(symbols["DUALBANK_POLICY_STOCK_ROLLBACK"].str_value, "y")
            symbols["DUALBANK_POLICY_STOCK"].set_value("y")
            self.assertEqual(symbols["DUALBANK_POLICY_STOCK_ROLLBACK"].str_value, "n")
            used = {name for file in (ROOT / "dualbank/ports/esp_idf/esp_idf_options.hpp", EXAMPLE / "main/main.cpp")
                    for name in re.findall(r"CONFIG_((?:DUALBANK|EXAMPLE)\w+)", file.read_text())}
            self.assertEqual(len(used), 3)
            self.assertEqual(used - set(symbols), set())


class Example(unittest.TestCase):
    def test_its_partition_table_holds_two_equal_slots(self):
        with tempfile.TemporaryDirectory() as folder:
            flash = pathlib.Path(folder) / "board.flash"
            done = run(COMMAND, "new", flash, "--csv", EXAMPLE / "partitions.csv", "--size", "4MB")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("2 slots", done.stdout)
        defaults = (EXAMPLE / "sdkconfig.defaults").read_text()
        self.assertIn('CONFIG_PARTITION_TABLE_CUSTOM_FILENAME="partitions.csv"', defaults)
        self.assertIn("CONFIG_ESPTOOLPY_FLASHSIZE_4MB=y", defaults)


if __name__ == "__main__":
    unittest.main()
