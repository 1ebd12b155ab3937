"""Build backend (PEP 517, PEP 660) of the Python package: CMake builds the extension, zipfile makes the wheel.

Standard library only, so that `pip install .` works without a network. Needs cmake (3.25 or newer) and a C++20 compiler.
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "dualbank" / "bindings" / "python"
TARGET = "python_module"
SOURCES = ("CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "pyproject.toml", "cmake", "dualbank", "packaging")


def get_requires_for_build_wheel(config_settings=None):
    return []


get_requires_for_build_sdist = get_requires_for_build_editable = get_requires_for_build_wheel


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def version():
    found = re.search(r"project\s*\(\s*dualbank\s+VERSION\s+([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))
    if not found:
        sys.exit("CMakeLists.txt has no project(dualbank VERSION ...), from which the package takes its version")
    return found.group(1)


def metadata():
    about = project()
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {about['name']}",
        f"Version: {version()}",
        f"Summary: {about['description']}",
        f"License: {about['license']['text']}",
        f"Keywords: {','.join(about['keywords'])}",
        f"Requires-Python: {about['requires-python']}",
        *(f"Classifier: {c}" for c in about["classifiers"]),
    ]
    readme = ROOT / about["readme"]
    if readme.exists():
        lines += ["Description-Content-Type: text/markdown", "", readme.read_text(encoding="utf-8")]
    return "\n".join(lines) + "\n"


def tag():
    """abi3 from 3.11 on: one wheel for this and every later CPython on this platform."""
    return "cp311-abi3-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")


def build_extension(build_folder):
    """Builds the extension alone and returns its path."""
    if shutil.which("cmake") is None:
        sys.exit("dualbank is built by CMake, which is not installed: apt-get install cmake g++")
    configure = [
        "cmake", "-S", str(ROOT), "-B", str(build_folder), "-DCMAKE_BUILD_TYPE=Release",
        "-DDUALBANK_PYTHON=ON", "-DDUALBANK_PORTS=file", "-DDUALBANK_COMMAND=OFF", "-DDUALBANK_SIM=OFF", "-DDUALBANK_TESTS=OFF",
        f"-DPython3_EXECUTABLE={sys.executable}",
    ]  # fmt: skip
    if shutil.which("ninja"):
        configure += ["-G", "Ninja"]
    subprocess.run(configure, check=True, stdout=sys.stderr)
    jobs = str(min(2, os.cpu_count() or 1))
    subprocess.run(["cmake", "--build", str(build_folder), "--target", TARGET, "--parallel", jobs], check=True, stdout=sys.stderr)
    built = sorted(Path(build_folder).rglob("_dualbank.abi3.so"))
    if not built:
        sys.exit(f"CMake target {TARGET} made no _dualbank.abi3.so in {build_folder}")
    return built[0]


def package_files():
    return sorted(p for p in PACKAGE.rglob("*") if p.suffix in (".py", ".pyi") or p.name == "py.typed")


class Wheel:
    """A wheel being written: files, their hashes, and RECORD at the end."""

    def __init__(self, folder, name_tag):
        self.name = f"{project()['name']}-{version()}-{name_tag}.whl"
        self.info = f"{project()['name']}-{version()}.dist-info"
        self.name_tag = name_tag
        self.zip = zipfile.ZipFile(Path(folder) / self.name, "w", zipfile.ZIP_DEFLATED)
        self.record = []

    def add(self, name, content, mode=0o644):
        entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))  # the same input gives the same wheel
        entry.external_attr = (0o100000 | mode) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        self.zip.writestr(entry, content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        self.record.append(f"{name},sha256={digest},{len(content)}")

    def close(self):
        self.add(f"{self.info}/METADATA", metadata().encode())
        wheel = f"Wheel-Version: 1.0\nGenerator: cmake_backend\nRoot-Is-Purelib: false\nTag: {self.name_tag}\n"
        self.add(f"{self.info}/WHEEL", wheel.encode())
        licence = ROOT / "LICENSE"
        if licence.exists():
            self.add(f"{self.info}/LICENSE", licence.read_bytes())
        record = f"{self.info}/RECORD"
        self.zip.writestr(record, "\n".join([*self.record, f"{record},,"]) + "\n")
        self.zip.close()


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with tempfile.TemporaryDirectory(prefix="dualbank-wheel-") as folder:
        extension = build_extension(folder)
        wheel = Wheel(wheel_directory, tag())
        for path in package_files():
            wheel.add(f"dualbank/{path.relative_to(PACKAGE).as_posix()}", path.read_bytes())
        wheel.add(f"dualbank/{extension.name}", extension.read_bytes(), 0o755)
        wheel.close()
    return wheel.name


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """Editable: the environment's path gets build/python, where `make build` puts the package."""
    folder = ROOT / "build" / "python" / "dualbank"
    if not (folder / "_dualbank.abi3.so").exists():
        sys.exit("an editable install uses build/python: run `make build` first")
    wheel = Wheel(wheel_directory, tag())
    wheel.add("dualbank.pth", f"{folder.parent}\n".encode())
    wheel.close()
    return wheel.name


def build_sdist(sdist_directory, config_settings=None):
    base = f"{project()['name']}-{version()}"
    with tempfile.TemporaryDirectory() as folder, tarfile.open(Path(sdist_directory) / f"{base}.tar.gz", "w:gz") as archive:
        info = Path(folder) / "PKG-INFO"
        info.write_text(metadata(), encoding="utf-8")
        archive.add(info, f"{base}/PKG-INFO")
        for name in SOURCES:
            if (ROOT / name).exists():
                archive.add(ROOT / name, f"{base}/{name}", filter=lambda e: None if "__pycache__" in e.name else e)
    return f"{base}.tar.gz"
