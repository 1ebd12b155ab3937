"""What a script may import: the stand-ins, the files of its drive, and of Python what CircuitPython has too."""

import builtins
import importlib
import importlib.util
import types
from pathlib import Path

from ._inert import Inert

# The modules that CircuitPython builds in and that mean the same in Python.
_PYTHON = frozenset(
    "array asyncio binascii builtins cmath collections errno hashlib io ipaddress json locale math platform random re"
    " select struct sys traceback zlib".split())
# Pins, lamps and buttons: nothing is connected on the desk.
INERT = frozenset(
    "adafruit_dotstar alarm analogio bitbangio board busio digitalio displayio i2cdisplaybus keypad neopixel"
    " neopixel_write pwmio rainbowio rotaryio sdcardio terminalio touchio usb_cdc usb_hid usb_midi".split())


class File:
    def __init__(self, path, shown):
        self.path, self.shown = str(path), shown


class Importer:
    """`makers`: {name: () -> module}. `stubs`: names of modules that are to be inert."""

    def __init__(self, root, makers, stubs, note):
        self._root = Path(root)
        self._makers = makers
        self._stubs = INERT | frozenset(stubs)
        self._note = note
        self._modules = {}
        self.files = {}  # path: File, of everything that belongs to the script
        self.builtins = {**vars(builtins), "__import__": self.import_}

    def run(self, path, name="__main__"):
        """Runs a file in a namespace of its own."""
        module = types.ModuleType(name)
        self._execute(module, Path(path))
        return module

    def import_(self, name, globals=None, locals=None, fromlist=(), level=0):
        if level:
            package = (globals or {}).get("__package__") or ""
            parts = package.split(".")[: len(package.split(".")) - level + 1]
            name = ".".join([*filter(None, parts), name] if name else filter(None, parts))
        module = self._load_whole(name)
        if not fromlist:
            return module if level else self._modules[name.partition(".")[0]]
        for item in fromlist:
            if item != "*" and hasattr(module, "__path__") and not hasattr(module, item):
                self._load_if_there(f"{name}.{item}")
        return module

    def _load_if_there(self, name):
        try:
            self._load_whole(name)
        except ImportError as error:
            if error.name != name:
                raise

    def _load_whole(self, name):
        parts = name.split(".")
        for i in range(len(parts)):
            parent, whole = ".".join(parts[:i]), ".".join(parts[: i + 1])
            if whole not in self._modules:
                self._modules[whole] = self._load(whole, self._modules.get(parent))
                if parent and not isinstance(self._modules[parent], Inert):
                    setattr(self._modules[parent], parts[i], self._modules[whole])
        return self._modules[name]

    def _load(self, name, parent):
        if name in self._makers:
            return self._makers[name]()
        found = self._find(name, parent)
        if found is not None:
            module = types.ModuleType(name)
            self._modules[name] = module  # before it runs: modules may import each other
            try:
                self._execute(module, found)
            except BaseException:
                del self._modules[name]
                raise
            return module
        if name in self._stubs or (parent is not None and name.partition(".")[0] in self._stubs):
            self._note(f"{name} is inert here: nothing is connected on the desk")
            return Inert(name)
        if name.partition(".")[0] in _PYTHON:
            return importlib.import_module(name)
        raise ImportError(f"no module named '{name}'{self._cure(name)}", name=name)

    def _cure(self, name):
        compiled = next(self._root.rglob(f"{name.rpartition('.')[2]}.mpy"), None)
        if compiled is not None:
            return f" that runs here: {compiled.name} is compiled for a board; put {name.rpartition('.')[2]}.py in lib/"
        if name == "secrets":
            return ": put secrets.py beside the script, as on the board"
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            return ": Python has it, CircuitPython does not"
        return f": put {name}.py beside the script or in lib/, or give --stub {name} for one that does nothing"

    def _find(self, name, parent):
        folders = getattr(parent, "__path__", []) if parent is not None else [self._root, self._root / "lib"]
        for folder in map(Path, folders):
            last = name.rpartition(".")[2]
            for path in (folder / last / "__init__.py", folder / f"{last}.py"):
                if path.is_file():
                    return path
            if (folder / last).is_dir() and parent is None and folder.name == "lib":
                return folder / last
        return None

    def _execute(self, module, path):
        module.__builtins__ = self.builtins
        if path.is_dir() or path.name == "__init__.py":
            module.__path__ = [str(path if path.is_dir() else path.parent)]
            module.__package__ = module.__name__
        else:
            module.__package__ = module.__name__.rpartition(".")[0]
        if path.is_dir():
            return
        module.__file__ = str(path)
        shown = path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else path.name
        self.files[str(path)] = File(path, shown)
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
