"""The repository as a component of ESP-IDF: read as its build system reads it, with stand-ins for its functions and
headers. Of mbedTLS the headers are those of this machine."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DUALBANK = ROOT / "dualbank"
STAND_INS = ROOT / "tests" / "stand_ins" / "esp_idf"
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
%s
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
        self.assertIn("requires app_update;efuse;esp_partition;mbedtls;spi_flash", done.stdout)

    def sources(self, *options):
        """What the component compiles, with these options of Kconfig on."""
        settings = "\n".join(f"set(CONFIG_DUALBANK_{option} y)" for option in options)
        (self.folder / "CMakeLists.txt").write_text(PROJECT % (settings, ROOT))
        (self.folder / "app.cpp").write_text(APP)
        done = run("cmake", "-S", self.folder, "-B", self.folder / "out", "-G", "Unix Makefiles")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("targets dualbank_component\n", done.stdout)
        sources = re.search(r"sources (.+)", done.stdout).group(1).split(";")
        self.assertEqual(len(sources), len(set(sources)))
        return {pathlib.Path(source).resolve() for source in sources}

    def compiles(self, target):
        environment = {**os.environ, "CPATH": str(STAND_INS)}
        done = run("cmake", "--build", self.folder / "out", "--target", target, env=environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_in_the_build_it_is_formats_engine_and_c_and_nothing_else_of_the_repository(self):
        rooms = [DUALBANK / room for room in ("formats", "engine", "bindings/c")]
        wanted = {f.resolve() for room in rooms for f in room.glob("*.cpp") if not f.name.endswith("_test.cpp")}
        self.assertEqual(self.sources(), wanted)
        self.compiles("app.o")

    def test_options_add_the_verifier_and_exchange_the_hash(self):
        plain = self.sources()
        verifier = DUALBANK / "ports/mbedtls/mbedtls_verifier.cpp"
        portable, chips = DUALBANK / "formats/sha256_blocks.cpp", DUALBANK / "ports/esp_idf/sha256_blocks.cpp"
        self.assertEqual(self.sources("SIGNATURES") - plain, {verifier})
        self.assertIn(portable, plain)
        self.assertEqual(self.sources("SHA256_HARDWARE"), plain - {portable} | {chips})
        # One symbol of that name in the library, and it is the chip's.
        self.sources("SIGNATURES", "SHA256_HARDWARE")
        self.compiles("dualbank_component")
        symbols = run("nm", "-C", "--defined-only", self.folder / "out" / "component" / "libdualbank_component.a").stdout
        self.assertEqual(len(re.findall(r" T dualbank::sha256_blocks\(", symbols)), 1)
        self.assertRegex(symbols, r"dualbank::ports::esp_idf_sha256_blocks\(")
        self.assertRegex(symbols, r" T dualbank::ports::MbedtlsVerifier::verify\(")


def check_syntax(program, *options):
    return run("g++", "-std=c++20", "-Wall", "-Wextra", "-Wundef", "-Werror", "-fsyntax-only", *options, f"-I{ROOT}",
               f"-I{STAND_INS}", "-x", "c++", "-", input=program)


class Versions(unittest.TestCase):
    """Of ESP-IDF and what it brings."""

    def test_the_accelerator_of_all_versions(self):
        program = '#include "dualbank/ports/esp_idf/sha256_blocks.cpp"\n'
        for options in ([], ["-DSTAND_IN_BEFORE_5_5"], ["-DSTAND_IN_BEFORE_5_5", "-DSTAND_IN_WITHOUT_SHA_DMA"]):
            done = check_syntax(program, *options)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_chip_whose_accelerator_cannot_is_refused_with_a_sentence(self):
        done = check_syntax('#include "dualbank/ports/esp_idf/esp_idf_sha256.hpp"\n', "-DSTAND_IN_FIRST_ESP32")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("turn off CONFIG_DUALBANK_SHA256_HARDWARE", done.stderr)

    def test_mbedtls_4_is_refused_with_a_sentence(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "mbedtls").mkdir()
            (pathlib.Path(folder) / "mbedtls" / "version.h").write_text("#define MBEDTLS_VERSION_NUMBER 0x04000000\n")
            done = check_syntax('#include "dualbank/ports/mbedtls/mbedtls_verifier.hpp"\n', f"-I{folder}")
        self.assertNotEqual(done.returncode, 0)
        first = next(line for line in done.stderr.splitlines() if "error" in line)
        self.assertIn("derive from SignatureVerifier and call psa_verify_hash()", first)


class Page(unittest.TestCase):
    def test_its_programs_compile(self):
        page = (ROOT / "docs" / "ESP-IDF.md").read_text()
        programs = re.findall(r"^```c\+\+\n(.+?)^```$", page, re.MULTILINE | re.DOTALL)
        self.assertEqual(len(programs), 3)
        for program in programs:
            done = check_syntax(program)
            self.assertEqual(done.returncode, 0, done.stderr)


class Kconfig(unittest.TestCase):
    def test_options_are_off_and_depend_on_what_the_chip_and_mbedtls_have(self):
        try:
            import kconfiglib
        except ImportError:
            self.skipTest("no kconfiglib")
        theirs = ("SOC_SHA_SUPPORT_RESUME", "MBEDTLS_HARDWARE_SHA", "MBEDTLS_VER_4_X_SUPPORT")
        with tempfile.TemporaryDirectory() as folder:
            whole = pathlib.Path(folder) / "Kconfig"
            whole.write_text("".join(f'config {name}\n    bool "{name}"\n\n' for name in theirs) +
                             'config BOOTLOADER_APP_ROLLBACK_ENABLE\n    bool "rolls back"\n\n'
                             f'source "{ROOT / "Kconfig"}"\n')
            symbols = kconfiglib.Kconfig(str(whole), warn_to_stderr=False).syms
        chosen = ("DUALBANK_SIGNATURES", "DUALBANK_SHA256_HARDWARE")

        def values(*on):
            for name in theirs:
                symbols[name].set_value("y" if name in on else "n")
            return [symbols[name].str_value for name in chosen]

        self.assertEqual(values(*theirs), ["n", "n"])
        for name in chosen:
            symbols[name].set_value("y")
        self.assertEqual(values(), ["y", "n"])
        self.assertEqual(values("MBEDTLS_VER_4_X_SUPPORT", "SOC_SHA_SUPPORT_RESUME"), ["n", "n"])
        self.assertEqual(values("MBEDTLS_HARDWARE_SHA", "SOC_SHA_SUPPORT_RESUME"), ["y", "y"])

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
