"""tools/check_arrows lets the arrows of docs/DESIGN.md pass and refuses every other, with file and line."""

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def check(files):
    """What check_arrows says of a tree of these files: (exit code, lines)."""
    with tempfile.TemporaryDirectory() as name:
        tree = pathlib.Path(name)
        (tree / "dualbank").mkdir()
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
        done = subprocess.run([ROOT / "tools" / "check_arrows", tree], capture_output=True, text=True)
        return done.returncode, done.stderr.splitlines()


class CheckArrows(unittest.TestCase):
    def refuses(self, path, line, *words):
        code, said = check({path: "#pragma once\n" + line + "\n"})
        self.assertEqual(code, 1, f"{path} passed with: {line}")
        self.assertEqual(len(said), 1, said)
        self.assertIn(f"{path}:2: ", said[0])
        for word in words:
            self.assertIn(word, said[0])

    def passes(self, path, line):
        self.assertEqual(check({path: line + "\n"}), (0, []), f"{path}: {line}")

    def test_our_own_tree_passes(self):
        done = subprocess.run([ROOT / "tools" / "check_arrows"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_room_includes_itself_and_what_is_below(self):
        self.passes("dualbank/formats/a.hpp", '#include "dualbank/formats/b.hpp"')
        self.passes("dualbank/engine/a.cpp", '#include "dualbank/formats/b.hpp"')
        self.passes("dualbank/ports/ram/a.hpp", '#include "dualbank/engine/flash.hpp"')
        self.passes("dualbank/ports/ram/a.cpp", '#include "dualbank/ports/ram/a.hpp"')
        self.passes("dualbank/sim/a.cpp", '#include "dualbank/engine/updater.hpp"')
        self.passes("dualbank/bindings/python/a.cpp", '#include "dualbank/ports/file/f.hpp"')
        self.passes("dualbank/cli/verbs/a.cpp", '#include "dualbank/engine/updater.hpp"')

    def test_no_arrow_climbs(self):
        order = ("formats", "engine", "cli")
        for low, high in ((order[i], order[j]) for i in range(3) for j in range(i + 1, 3)):
            self.refuses(f"dualbank/{low}/a.cpp", f'#include "dualbank/{high}/b.hpp"', low, high)
        self.refuses("dualbank/engine/a.hpp", '#include "dualbank/ports/ram/b.hpp"')
        self.refuses("dualbank/engine/a.hpp", '#include "dualbank/sim/b.hpp"')
        self.refuses("dualbank/sim/a.hpp", '#include "dualbank/ports/ram/b.hpp"')
        self.refuses("dualbank/bindings/python/a.cpp", '#include "dualbank/cli/b.hpp"')
        self.passes("dualbank/bindings/web/a.cpp", '#include "dualbank/cli/b.hpp"')
        self.refuses("dualbank/cli/a.cpp", '#include "dualbank/bindings/web/b.hpp"')
        self.refuses("examples/a.cpp", '#include "dualbank/cli/b.hpp"')

    def test_a_port_knows_the_flash_and_no_other_part_of_the_engine(self):
        self.refuses("dualbank/ports/ram/a.cpp", '#include "dualbank/engine/updater.hpp"')
        self.refuses("dualbank/ports/ram/a.cpp", '#include "dualbank/ports/file/b.hpp"')

    def test_no_heap_headers_on_a_device(self):
        for header in ("vector", "string", "memory", "functional", "map", "iostream", "new", "cstdio"):
            for room in ("formats", "engine", "ports/ram"):
                self.refuses(f"dualbank/{room}/a.cpp", f"#include <{header}>", f"<{header}>")
        self.passes("dualbank/ports/file/a.cpp", "#include <string>")
        self.passes("dualbank/sim/a.cpp", "#include <vector>")
        self.passes("dualbank/engine/a.cpp", "#include <span>")

    def test_a_vendors_headers_only_in_its_port(self):
        self.passes("dualbank/ports/rp2040/a.hpp", "#include <hardware/flash.h>")
        self.refuses("dualbank/ports/rp2040/a.hpp", "#include <cstdio>")
        self.refuses("dualbank/ports/ram/a.hpp", "#include <hardware/flash.h>")
        self.refuses("dualbank/engine/a.hpp", "#include <pico/flash.h>")
        self.passes("dualbank/ports/esp_idf/a.hpp", "#include <esp_flash.h>\n#include <sdkconfig.h>")
        self.refuses("dualbank/ports/ram/a.hpp", "#include <esp_flash.h>")

    def test_a_port_for_a_platform_knows_the_updaters_options(self):
        self.passes("dualbank/ports/esp_idf/a.hpp", '#include "dualbank/engine/updater.hpp"')
        self.refuses("dualbank/ports/esp_idf/a.hpp", '#include "dualbank/engine/session.hpp"')

    def test_unit_tests_may_include_anything_but_not_the_other_way_round(self):
        self.passes("dualbank/formats/a_test.cpp", '#include <vector>\n#include "dualbank/sim/b.hpp"')
        self.passes("dualbank/engine/a_test.cpp", '#include "tests/support/b.hpp"\n#if 1\n#endif')
        self.refuses("dualbank/cli/a.cpp", '#include "tests/support/b.hpp"')
        self.refuses("dualbank/sim/a.cpp", '#include "dualbank/sim/b_test.hpp"', "nothing includes it")

    def test_no_conditions_on_the_chip(self):
        self.refuses("dualbank/engine/a.cpp", "#ifdef ESP_PLATFORM", "#if")
        self.refuses("dualbank/formats/a.cpp", "#  if __GNUC__ > 12", "#if")
        self.passes("dualbank/ports/file/a.cpp", "#ifdef __linux__")

    def test_paths_start_at_the_root(self):
        self.refuses("dualbank/engine/a.cpp", '#include "flash.hpp"', "from the root")
        self.refuses("dualbank/engine/a.cpp", '#include "../formats/b.hpp"', "in no room")

    def test_a_new_room_must_be_in_the_plan(self):
        code, said = check({"dualbank/misc/a.cpp": ""})
        self.assertEqual(code, 1)
        self.assertIn("dualbank/misc/a.cpp: is in no room", said[0])


if __name__ == "__main__":
    unittest.main()
