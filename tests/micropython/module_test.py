"""bindings/micropython: compiled as ports do it, with make and with CMake, on stand-ins of their headers; and an ESP board's
life under CircuitPython's own module. What a real interpreter did is in docs/MICROPYTHON.md."""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import make_fixtures

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ["DUALBANK_BUILD"])
DUALBANK = os.environ["DUALBANK_BIN"]
MODULE = ROOT / "dualbank" / "bindings" / "micropython" / "dualbank"
STAND_INS = ROOT / "tests" / "stand_ins" / "micropython"
CORE = sorted(file.stem for file in MODULE.glob("*.cpp"))
WRAPPER = sorted(file.stem for file in MODULE.glob("*.c"))
# As on MicroPython's unix port, and those that C++ does not know.
FLAGS = ("-Wall -Wextra -Werror -Wpointer-arith -Wdouble-promotion -Wfloat-conversion -Wmissing-prototypes -Wstrict-prototypes "
         "-Wold-style-definition -Wnested-externs -ffunction-sections -fdata-sections")
CACHE = "ccache " if shutil.which("ccache") else ""

# Of all the wrapper's files on a Cortex-M0+, in bytes.
MOST_CODE_BYTES = 3 * 1024
MOST_BYTES_WITH_TABLES_AND_TEXTS = 4 * 1024
# Where a call of a verb that goes well does not come to.
RAISES = {"dualbank_raise", "dualbank_raise_as", "dualbank_engine_ends", "mp_raise_msg_varg", "nlr_raise", "nlr_jump"}
OPENS = {"dualbank_board_start"}  # before the first verb

# What py/py.mk and the rules of a port do with a module. C++ files get CXXFLAGS and none of CFLAGS, as on some ports.
PORT_MAKEFILE = """
BUILD := build
USERMOD_DIR := {module}
include $(USERMOD_DIR)/micropython.mk
CFLAGS += -std=gnu11 -Os -mthumb -mcpu=cortex-m0plus {flags} -I{stand_ins} -I. $(CFLAGS_USERMOD)
SOURCES := $(patsubst $(USERMOD_DIR)/%,%,$(SRC_USERMOD_C) $(SRC_USERMOD_LIB_C) $(SRC_USERMOD_LIB_CXX))
OBJECTS := $(addprefix $(BUILD)/dualbank/,$(addsuffix .o,$(basename $(SOURCES))))
all: $(OBJECTS)
$(BUILD)/dualbank/%.o: $(USERMOD_DIR)/%.c
\t@mkdir -p $(@D)
\t{cache}arm-none-eabi-gcc $(CFLAGS) -c $< -o $@
$(BUILD)/dualbank/%.o: $(USERMOD_DIR)/%.cpp
\t@mkdir -p $(@D)
\t{cache}arm-none-eabi-g++ $(CXXFLAGS) -c $< -o $@
"""
PORT_CMAKE = """
cmake_minimum_required(VERSION 3.16)
project(port C CXX)
set(CMAKE_CXX_STANDARD 17)
add_library(usermod INTERFACE)
include({module}/micropython.cmake)
add_library(firmware STATIC)
target_include_directories(firmware PRIVATE {stand_ins} ${{CMAKE_CURRENT_SOURCE_DIR}})
target_compile_options(firmware PRIVATE {flags} $<$<COMPILE_LANGUAGE:C>:-std=gnu11>)
target_link_libraries(firmware PRIVATE usermod)
"""


def run(words, folder, env=None):
    done = subprocess.run(list(map(str, words)), cwd=folder, capture_output=True, text=True, check=False, env=env)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


def write_names(folder):
    """The names of the module's strings, which a port's build collects."""
    names = set()
    for file in MODULE.glob("*.c"):
        names |= set(re.findall(r"MP_QSTR_\w*", file.read_text(encoding="utf-8")))
    (folder / "qstrs.h").write_text("enum { " + ", ".join(sorted(names)) + " };\n", encoding="utf-8")


class Compiled(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        write_names(self.folder)

    @unittest.skipUnless(shutil.which("arm-none-eabi-g++"), "no arm-none-eabi-g++")
    def test_with_make_on_a_port_that_gives_cplusplus_no_flags(self):
        text = PORT_MAKEFILE.format(module=MODULE, stand_ins=STAND_INS, flags=FLAGS, cache=CACHE)
        (self.folder / "Makefile").write_text(text, encoding="utf-8")
        run(["make", "-j2"], self.folder)
        objects = [self.folder / "build" / "dualbank" / f"{name}.o" for name in CORE + WRAPPER]
        for file in objects:
            self.assertIn("v6S-M", run(["arm-none-eabi-readelf", "-A", file], self.folder), file.name)
        run(["arm-none-eabi-ld", "-r", *objects, "-o", "module.o"], self.folder)
        undefined = set(re.findall(r" U (\S+)", run(["arm-none-eabi-nm", "-u", "module.o"], self.folder)))
        interpreter = {name for name in undefined if re.match(r"mp_|m_malloc|nlr_|qstr_", name)}
        self.assertIn("mp_arg_parse_all", interpreter)
        # No C++ library, no heap of C: what a compiler's own library and any port have.
        others = {name for name in undefined - interpreter if not name.startswith(("__aeabi_", "__gnu_thumb1_"))}
        self.assertEqual(others - {"memcmp", "memcpy", "memmove", "memset", "strcmp", "strcpy", "strlen"}, set())
        self.assertNotIn("init_array", run(["arm-none-eabi-readelf", "-S", "module.o"], self.folder))

        self.check_sizes()

    def check_sizes(self):
        listed = run(["arm-none-eabi-size", "-A", *(self.folder / "build" / "dualbank" / f"{name}.o" for name in WRAPPER)], self.folder)
        sizes = collections.Counter()
        for section, size in re.findall(r"^\.(text|rodata|data|bss)\S*\s+(\d+)", listed, re.M):
            sizes[section] += int(size)
        self.assertLess(sizes["text"], MOST_CODE_BYTES)
        self.assertGreater(sizes["text"], MOST_CODE_BYTES * 3 // 4)
        self.assertLess(sizes["text"] + sizes["rodata"], MOST_BYTES_WITH_TABLES_AND_TEXTS)
        self.assertEqual((sizes["data"], sizes["bss"]), (0, 0))
        page = (ROOT / "docs/MICROPYTHON.md").read_text(encoding="utf-8")
        said = f"take {sizes['text']:,} bytes of code on a Cortex-M0+, and {sizes['rodata']:,} of tables and texts"
        self.assertIn(said, " ".join(page.split()))

    @unittest.skipUnless(shutil.which("arm-none-eabi-gcc"), "no arm-none-eabi-gcc")
    def test_verbs_that_go_well_allocate_nothing(self):
        calls = {}
        for name in WRAPPER:
            run(["arm-none-eabi-gcc", "-std=gnu11", "-O0", "-fcallgraph-info", f"-I{ROOT}", f"-I{STAND_INS}", "-I.", "-c",
                 MODULE / f"{name}.c"], self.folder)
            for source, target in re.findall(r'edge: \{ sourcename: "(?:[^"]*:)?(\w+)" targetname: "(?:[^"]*:)?(\w+)"',
                                             (self.folder / f"{name}.ci").read_text(encoding="utf-8")):
                calls.setdefault(source, set()).add(target)
        reached = set()

        def follow(name):
            if name not in reached | RAISES | OPENS:
                reached.add(name)
                for target in calls.get(name, ()):
                    follow(target)

        for verb in ("flash", "switch", "confirm", "rollback", "boot_guard", "begin", "abandon"):
            self.assertIn(f"dualbank_{verb}_verb", calls)
            follow(f"dualbank_{verb}_verb")
        for function in ("device_read", "device_program", "device_erase", "device_sync", "run_pending"):
            self.assertIn(function, calls)
            follow(function)
        self.assertIn("mp_call_method_n_kw", reached)
        # For a number that is no small one, with 31 bits, an int to compare it with.
        self.assertEqual({name for name in reached if re.match(r"m_|mp_obj_new", name)}, {"mp_obj_new_int_from_ull"})

    def test_circuitpythons_own_module_takes_the_wrappers_place(self):
        text = "BUILD := build\nCIRCUITPY_DUALBANK := 1\nUSERMOD_DIR := dualbank\n" + f"include {MODULE}/micropython.mk\n"
        text += "all:\n\t@echo $(SRC_USERMOD_C) / $(SRC_USERMOD_LIB_C) / $(SRC_USERMOD_LIB_CXX)\n"
        (self.folder / "Makefile").write_text(text, encoding="utf-8")
        core = " ".join(f"dualbank/{name}.cpp" for name in CORE)
        self.assertEqual(run(["make", "-s"], self.folder).strip(), f"/ dualbank/esp_flash.c / {core}")

    def test_with_cmake_on_a_port_of_an_older_standard(self):
        text = PORT_CMAKE.format(module=MODULE, stand_ins=STAND_INS, flags="-Wall -Wextra -Werror")
        (self.folder / "CMakeLists.txt").write_text(text, encoding="utf-8")
        launcher = [f"-DCMAKE_{language}_COMPILER_LAUNCHER=ccache" for language in ("C", "CXX") if CACHE]
        run(["cmake", "-G", "Ninja", "-B", "out", "-S", ".", *launcher], self.folder)
        run(["cmake", "--build", "out", "--parallel", "2"], self.folder)
        defined = run(["nm", "--defined-only", "out/libfirmware.a"], self.folder)
        for symbol in ("dualbank_user_module", "dualbank_open", "dualbank_look_at_image", "dualbank_error_type"):
            self.assertRegex(defined, rf" [TRD] {symbol}\n")


class EspBoard(unittest.TestCase):
    def test_a_life_under_circuitpythons_own_module(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write_names(folder)
            make_fixtures.make(folder)
            sanitize = re.search(r"^DUALBANK_SANITIZE:\w+=(.+)$", (BUILD / "CMakeCache.txt").read_text(encoding="utf-8"), re.M)
            compiler = ["clang-19", f"-fsanitize={sanitize[1]}"] if sanitize else ["gcc"]
            includes = [f"-I{place}" for place in (ROOT, folder, STAND_INS, STAND_INS / "esp", STAND_INS / "circuitpython")]
            sources = [ROOT / "tests/micropython/esp_life.c", STAND_INS / "esp/esp_board.c", MODULE / "esp_flash.c",
                       MODULE.parent / "circuitpython_espressif/__init__.c"]
            libraries = [BUILD / f"libdualbank_{room}.a" for room in ("c", "engine", "formats")]
            run([*compiler, "-std=c11", "-g", "-Wall", "-Wextra", "-Werror", "-DESP_PLATFORM", *includes, *sources, *libraries,
                 "-o", "life"], folder)
            run(["./life", "board.flash", "2.0-esp32c3.bin", "2.0-esp32s3.bin"], folder)
            status = json.loads(run([DUALBANK, "status", "board.flash", "--json"], folder))
            self.assertEqual((status["boot_slot"], status["trial"]), ("ota_1", "ota_1"))


if __name__ == "__main__":
    unittest.main()
