"""The package as a whole: stubs, docstrings, the way to the command, and an installation without network."""

import ast
import importlib.util
import inspect
import os
import shutil
import subprocess
import sys
import unittest
import zipfile
from pathlib import Path

import dualbank
from support import FlashTest, command

PACKAGE = Path(dualbank.__file__).parent
ROOT = Path(__file__).resolve().parents[2]


class Stubs(unittest.TestCase):
    def setUp(self):
        self.stub = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))

    def parameters(self, function):
        a = function.args
        names = [x.arg for x in a.posonlyargs + a.args + a.kwonlyargs]
        return [name for name in names if name not in ("self", "kind", "error", "traceback")]

    def test_they_are_there_and_the_package_says_that_it_is_typed(self):
        self.assertTrue((PACKAGE / "py.typed").exists())

    def test_they_name_what_the_package_offers_and_nothing_else(self):
        named = {n.name for n in self.stub.body if isinstance(n, (ast.ClassDef, ast.FunctionDef))}
        self.assertEqual(named, set(dualbank.__all__))
        public = {n for n in dir(dualbank) if not n.startswith("_") and not inspect.ismodule(getattr(dualbank, n))}
        self.assertEqual(public, set(dualbank.__all__))

    def test_functions_have_the_parameters_that_the_stubs_say(self):
        for node in self.stub.body:
            if isinstance(node, ast.FunctionDef):
                with self.subTest(node.name):
                    self.assertEqual(self.parameters(node), list(inspect.signature(getattr(dualbank, node.name)).parameters))

    def test_classes_have_the_members_that_the_stubs_say(self):
        for node in self.stub.body:
            if not isinstance(node, ast.ClassDef):
                continue
            kind = getattr(dualbank, node.name)
            fields = [n.target.id for n in node.body if isinstance(n, ast.AnnAssign)]
            with self.subTest(node.name):
                if hasattr(kind, "_fields"):
                    self.assertEqual(fields, list(kind._fields))
                else:
                    for field in fields:
                        self.assertTrue(hasattr(kind, field), field)
            for method in (n for n in node.body if isinstance(n, ast.FunctionDef)):
                with self.subTest(f"{node.name}.{method.name}"):
                    member = getattr(kind, method.name)
                    if callable(member) and not method.name.startswith("__"):
                        names = [p for p in inspect.signature(member).parameters if p != "self"]
                        self.assertEqual(self.parameters(method), names)

    def test_every_public_name_has_a_docstring(self):
        for name in dualbank.__all__:
            member = getattr(dualbank, name)
            self.assertTrue(inspect.getdoc(member), name)
            for inner in (n for n in vars(member) if inspect.isclass(member) and not n.startswith("_")):
                self.assertTrue(inspect.getdoc(getattr(member, inner)), f"{name}.{inner}")

    def test_the_version_is_that_of_the_project(self):
        self.assertRegex((ROOT / "CMakeLists.txt").read_text(), rf"project\(dualbank\s+VERSION {dualbank.__version__}\b")


class Import(unittest.TestCase):
    def test_loads_nothing_but_its_own_three_modules(self):  # whatever else it would load takes longer than these
        code = "import sys; before = set(sys.modules); import dualbank; print(*sorted(set(sys.modules) - before))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.split(), ["dualbank", "dualbank._default", "dualbank._dualbank"])

    def test_the_rest_comes_when_it_is_asked_for(self):
        code = "import dualbank; print(all(hasattr(dualbank, name) for name in dualbank.__all__), dualbank.Board.status.__doc__[:9])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "True What runs\n")
        self.assertEqual(dualbank.update.__doc__, dualbank.Board.update.__doc__)
        with self.assertRaisesRegex(AttributeError, "module 'dualbank' has no attribute 'flush'"):
            dualbank.flush


class Main(FlashTest):
    def run_main(self, *arguments, **environment):
        return subprocess.run([sys.executable, "-m", "dualbank", *arguments], capture_output=True, text=True, timeout=60,
                              env=os.environ | environment)

    def test_it_is_the_command(self):
        if command() is None:
            self.skipTest("DUALBANK_BIN names no command")
        folder = self.folder / "bin"
        folder.mkdir()
        (folder / "dualbank").symlink_to(Path(command()).resolve())
        done = self.run_main("--version", PATH=str(folder))
        self.assertEqual((done.returncode, dualbank.__version__ in done.stdout), (0, True), done.stderr)
        self.assertEqual(self.run_main("no-such-verb", PATH=str(folder)).returncode, 2)

    def test_without_the_command_it_says_so(self):
        shutil.copytree(PACKAGE, self.folder / "alone" / "python" / "dualbank", ignore=shutil.ignore_patterns("__pycache__"))
        done = self.run_main("status", PYTHONPATH=str(self.folder / "alone" / "python"), PATH=str(self.folder))
        self.assertEqual(done.returncode, 1)
        self.assertIn("make build", done.stderr)


@unittest.skipIf(shutil.which("cmake") is None, "needs cmake")
class Install(FlashTest):
    def test_pip_installs_it_into_a_fresh_environment_without_a_network(self):
        python = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
        source = self.folder / "source"
        for name in ("CMakeLists.txt", "pyproject.toml", "README.md", "LICENSE", "cmake", "dualbank", "packaging"):
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif (ROOT / name).exists():
                source.mkdir(exist_ok=True)
                shutil.copy(ROOT / name, source / name)
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        nowhere = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "PIP_NO_INDEX": "1"}

        def run(*words):
            done = subprocess.run(words, capture_output=True, text=True, env=environment | nowhere, cwd=self.folder, timeout=550)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            return done.stdout

        run(python, "-m", "venv", "fresh")
        fresh = str(self.folder / "fresh" / "bin" / "python")
        run(fresh, "-m", "pip", "install", "--disable-pip-version-check", str(source))
        self.write_flash(self.ONE)
        (self.folder / "two.bin").write_bytes(self.TWO)
        said = run(fresh, "-c", "import dualbank; b = dualbank.open('board.flash'); b.update('two.bin'); print(b.reset(), dualbank.__file__)")
        self.assertIn("ota_1", said)
        self.assertIn("fresh", said)
        self.assertIn("py.typed", run(fresh, "-m", "pip", "show", "-f", "dualbank"))


class Backend(FlashTest):
    def setUp(self):
        super().setUp()
        spec = importlib.util.spec_from_file_location("cmake_backend", ROOT / "packaging" / "cmake_backend.py")
        self.backend = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.backend)

    def test_it_asks_for_nothing(self):
        self.assertEqual(self.backend.get_requires_for_build_wheel(), [])

    def test_the_wheel_is_for_this_and_every_later_python(self):
        self.assertRegex(self.backend.tag(), "^cp311-abi3-[a-z0-9_]+$")

    def test_the_metadata_names_version_and_python(self):
        self.assertIn(f"\nVersion: {dualbank.__version__}\n", self.backend.metadata())
        self.assertIn("\nRequires-Python: >=3.11\n", self.backend.metadata())

    def test_a_wheel_lists_each_file_with_its_hash(self):
        self.backend.build_extension = lambda folder: next(PACKAGE.glob("_dualbank*.so"))
        name = self.backend.build_wheel(self.folder)
        with zipfile.ZipFile(self.folder / name) as wheel:
            names = wheel.namelist()
            record = wheel.read(next(n for n in names if n.endswith("RECORD"))).decode()
        for file in ("dualbank/__init__.py", "dualbank/__init__.pyi", "dualbank/py.typed", "dualbank/_dualbank.abi3.so",
                     "dualbank/desk/_start.py"):
            self.assertIn(file, names)
        self.assertEqual([line.split(",")[0] for line in record.split()], names)


if __name__ == "__main__":
    unittest.main()
