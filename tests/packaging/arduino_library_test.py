"""The layouts that Arduino's and PlatformIO's builders expect, and that every file compiles as they compile it."""

import concurrent.futures
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = os.environ.get("CXX", "g++")
STAND_INS = [f"-I{ROOT / 'tests' / 'stand_ins' / name}" for name in ("arduino", "esp_idf")]


def make(folder):
    return subprocess.run([sys.executable, "-B", ROOT / "tools" / "make_arduino_library", folder], capture_output=True,
                          text=True)


def compiles(options, file):
    done = subprocess.run([COMPILER, "-std=gnu++20", "-fno-rtti", "-fsyntax-only", "-Wall", "-Wextra", *options, file],
                          capture_output=True, text=True)
    return "" if done.returncode == 0 and not done.stderr else f"{file}\n{done.stderr}"


def sources_by_cmake():
    """The .cpp files that the build compiles and tests for these rooms."""
    files = [f for room in ("formats", "engine") for f in (ROOT / "dualbank" / room).glob("*.cpp")]
    return {f.relative_to(ROOT).as_posix() for f in files if not f.name.endswith("_test.cpp")}


class Arduino(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        done = make(cls.folder)
        assert done.returncode == 0, done.stderr
        cls.library = cls.folder / "dualbank"

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_every_file_below_src_compiles_with_src_alone(self):
        files = sorted((self.library / "src").rglob("*.cpp"))
        self.assertEqual({f.relative_to(self.library / "src").as_posix() for f in files}, sources_by_cmake())
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            failed = list(filter(None, pool.map(lambda f: compiles([f"-I{self.library / 'src'}"], f), files)))
        self.assertEqual(failed, [])

    def test_the_sketch_compiles_as_the_builder_hands_it_to_the_compiler(self):
        for sketch in sorted((self.library / "examples").glob("*/*.ino")):
            self.assertEqual(sketch.stem, sketch.parent.name)  # else it is no sketch
            text = sketch.read_text()
            # It declares every function before the first one; of a template it makes something that does not compile.
            self.assertNotIn("template", text)
            definitions = list(re.finditer(r"^(?!extern)(\w[^;]*\)) \{$", text, re.MULTILINE))
            self.assertGreater(len(definitions), 2)
            declarations = "".join(d.group(1) + ";\n" for d in definitions)
            first = definitions[0].start()
            file = self.folder / (sketch.name + ".cpp")
            file.write_text("#include <Arduino.h>\n" + text[:first] + declarations + text[first:])
            self.assertEqual(compiles([f"-I{self.library / 'src'}", *STAND_INS], file), "")
        self.assertTrue(file)

    def test_nothing_in_it_is_missing_and_nothing_is_too_much(self):
        src = self.library / "src"
        for file in [f for f in src.rglob("*") if f.is_file()]:
            self.assertNotIn("_test", file.name)
            for name in re.findall(r'#\s*include\s*"([^"]+)"', file.read_text()):
                self.assertTrue((src / name).exists(), f"{file}: {name}")
        self.assertTrue((src / "Dualbank.h").exists(), "the builder looks for headers at the top of src only")
        with zipfile.ZipFile(self.folder / "dualbank.zip") as packed:
            names = {name for name in packed.namelist() if not name.endswith("/")}
        self.assertEqual(names, {f.relative_to(self.folder).as_posix() for f in self.library.rglob("*") if f.is_file()})

    def test_properties_name_what_is_there(self):
        lines = (self.library / "library.properties").read_text().splitlines()
        properties = dict(line.split("=", 1) for line in lines)
        for key in "name version author maintainer sentence paragraph category url architectures".split():
            self.assertIn(key, properties)
        self.assertTrue((self.library / "src" / properties["includes"]).exists())

    def test_what_is_there_already_is_not_overwritten(self):
        done = make(self.folder)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("exists: remove it, or name another folder", done.stderr)


class PlatformIo(unittest.TestCase):
    manifest = json.loads((ROOT / "library.json").read_text())

    def test_its_filter_takes_the_same_sources(self):
        """Filters are applied in their order; a * of theirs does not match a slash."""
        everything = {f.relative_to(ROOT).as_posix() for top in ("dualbank", "examples", "tests", "bench")
                      for f in (ROOT / top).rglob("*.c*")}
        taken = set()
        for entry in self.manifest["build"]["srcFilter"]:
            sign, pattern = re.fullmatch(r"([+-])<(.+)>", entry).groups()
            matching = {f for f in everything if pattern == "*" or
                        (f.count("/") == pattern.count("/") and fnmatch.fnmatchcase(f, pattern))}
            self.assertTrue(matching, pattern)
            taken = taken | matching if sign == "+" else taken - matching
        self.assertEqual(taken, sources_by_cmake())

    def test_headers_it_names_are_there(self):
        for header in self.manifest["headers"]:
            self.assertTrue((ROOT / self.manifest["build"]["includeDir"] / header).exists(), header)


class Version(unittest.TestCase):
    def test_every_package_has_the_versions_one_source(self):
        """project(VERSION) in CMakeLists.txt; these files can take nothing from elsewhere."""
        def stated(file, pattern):
            return re.search(pattern, (ROOT / file).read_text(), re.MULTILINE).group(1)

        version = stated("CMakeLists.txt", r"^project\(dualbank VERSION ([\d.]+)")
        self.assertEqual(stated("library.json", r'^  "version": "(.+)",$'), version)
        self.assertEqual(stated("packaging/arduino/library.properties", "^version=(.+)$"), version)
        self.assertEqual(stated("idf_component.yml", '^version: "(.+)"$'), version)


if __name__ == "__main__":
    unittest.main()
