"""erase-filesystem and the drive of `new`: other people's tools read what they make, and files on it live on."""

import os
import shutil
import struct
import subprocess
import unittest

from support import CommandTest, app_image, fat_boot_sector, flash_bytes, noise, record, table, VALID

PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
ONE, TWO, THREE = app_image("1.0"), app_image("2.0", 60_000), app_image("3.0", 70_000)
# Of CircuitPython's layouts: drive, ota_0, ota_1 as (offset, size); blocks in a cluster, bits of a FAT entry and clusters,
# not extended and extended.
LAYOUTS = {
    "4MB": ((0x310000, 0xF0000), (0x10000, 0x160000), (0x170000, 0x160000), (1, 12, 1881), (2, 12, 2348)),
    "8MB": ((0x450000, 0x3B0000), (0x10000, 0x200000), (0x210000, 0x200000), (2, 12, 3753), (2, 16, 5796)),
    "8MB-no-uf2": ((0x410000, 0x3F0000), (0x10000, 0x200000), (0x210000, 0x200000), (2, 12, 4009), (2, 16, 6051)),
    "16MB": ((0x450000, 0xBB0000), (0x10000, 0x200000), (0x210000, 0x200000), (4, 16, 5969), (4, 16, 6992)),
    "32MB": ((0x450000, 0x1BB0000), (0x10000, 0x200000), (0x210000, 0x200000), (4, 16, 14153), (4, 16, 15176)),
}


def cut_out(content, *extents):
    return b"".join(content[offset:offset + size] for offset, size in extents)


def put_back(content, drive, *extents):
    content = bytearray(content)
    for offset, size in extents:
        content[offset:offset + size], drive = drive[:size], drive[size:]
    return bytes(content)


class DriveTest(CommandTest):
    def tool(self, *words, **how):
        if shutil.which(words[0], path=PATH) is None:
            self.skipTest(f"{words[0]} is not installed: tools/setup test")
        done = subprocess.run(words, cwd=self.folder, env={**os.environ, "PATH": PATH, "MTOOLS_SKIP_CHECK": "0"},
                              capture_output=True, **how)
        self.assertEqual(done.returncode, 0, (words, done.stdout, done.stderr))
        return done.stdout

    def check(self, drive):
        """fsck.fat's verdict; returns what it says of clusters: (used, all)."""
        said = self.tool("fsck.fat", "-n", "-v", self.file("drive.img", drive), text=True)
        used, of = said.rsplit("files, ", 1)[1].split()[0].split("/")
        entry_bits = said.split(" bit entries")[0].rsplit(maxsplit=1)[1]
        return int(used), int(of), int(entry_bits)

    def put_files(self, drive, files):
        image = self.file("drive.img", drive)
        for name, content in files.items():
            self.tool("mcopy", "-i", str(image), str(self.file(name, content)), f"::{name}")
        return image.read_bytes()

    def get_files(self, drive, names):
        image = self.file("drive.img", drive)
        return {name: self.tool("mtype", "-i", str(image), f"::{name}") for name in names}

    def make(self, layout, *options):
        path = self.folder / "board.flash"
        self.ok("new", path, "--layout", layout, "--image", self.file("one.bin", ONE), "--force", *options)
        return path


class Volumes(DriveTest):
    def test_what_new_makes_is_accepted_and_is_circuitpythons(self):
        for layout, (drive, _, ota_1, *figures) in LAYOUTS.items():
            for extended, (cluster_blocks, bits, clusters) in enumerate(figures):
                with self.subTest(layout, extended=extended):
                    content = self.make(layout, *(["--extended"] if extended else [])).read_bytes()
                    volume = cut_out(content, drive, *([ota_1] if extended else []))
                    self.assertEqual(self.check(volume), (0, clusters, bits))
                    (blocks,), (hidden,) = struct.unpack_from("<H", volume, 19), struct.unpack_from("<I", volume, 28)
                    self.assertEqual((blocks, volume[13], hidden), (len(volume) // 512, cluster_blocks, 1))
                    self.assertIn(b"CIRCUITPY", self.tool("mlabel", "-s", "-i", "drive.img", "::"))

    def test_erase_filesystem_makes_the_same_whatever_was_there(self):
        drive, ota_0, ota_1, *_ = LAYOUTS["8MB"]
        fresh = {kind: self.make("8MB", *options).read_bytes() for kind, options in
                 (("not_extended", []), ("extended", ["--extended"]))}
        path = self.folder / "board.flash"
        for start in fresh:
            for option, kind in (("--extended", "extended"), ("--no-extended", "not_extended")):
                with self.subTest(start, option=option):
                    path.write_bytes(fresh[start])
                    result = self.ok("erase-filesystem", path, option, "--json").json
                    self.assertEqual((result["before"], result["drive"]["state"]), (start, kind))
                    self.assertEqual(result["drive"]["slot"], "ota_1" if kind == "extended" else None)
                    after = path.read_bytes()
                    self.assertEqual(cut_out(after, drive)[:0x6000], cut_out(fresh[kind], drive)[:0x6000])
                    self.assertEqual(after[:drive[0]], fresh[start][:drive[0]])
            path.write_bytes(fresh[start])
            self.assertEqual(self.ok("erase-filesystem", path, "--json").json["drive"]["state"], start, "neither said")

    def test_a_dry_run_changes_nothing(self):
        path = self.make("8MB")
        before = self.digest(path)
        self.assertIn("would be", self.ok("erase-filesystem", path, "--extended", "-n").out)
        self.assertEqual(self.digest(path), before)

    def test_while_ota_1_runs_the_drive_goes_on_in_ota_0(self):
        drive, ota_0, *_ = LAYOUTS["8MB"]
        path = self.make("8MB")
        self.ok("update", path, self.file("two.bin", TWO))
        self.ok("confirm", path)
        self.assertEqual(self.ok("erase-filesystem", path, "--extended", "--json").json["drive"]["slot"], "ota_0")
        volume = self.put_files(cut_out(path.read_bytes(), drive, ota_0), {"A.TXT": noise("a", 5_000_000)})
        self.assertEqual(self.check(volume)[1:], (5796, 16))


class Files(DriveTest):
    FILES = {"CODE.PY": b"print('hello')\n", "DATA.BIN": noise("data", 200_000), "MORE.BIN": noise("more", 300_000)}

    def test_on_a_drive_that_is_not_extended_they_survive_updates(self):
        drive, *_ = LAYOUTS["8MB"]
        path = self.make("8MB")
        content = path.read_bytes()
        volume = self.put_files(cut_out(content, drive), self.FILES)
        path.write_bytes(put_back(content, volume, drive))
        self.ok("update", path, self.file("two.bin", TWO))
        self.ok("reset", path)
        self.ok("confirm", path)
        self.ok("flash", path, self.file("three.bin", THREE))
        self.ok("switch", path)
        self.ok("reset", path)
        self.ok("rollback", path)
        after = cut_out(path.read_bytes(), drive)
        self.assertEqual(after, volume, "byte for byte")
        self.check(after)
        self.assertEqual(self.get_files(after, self.FILES), self.FILES)

    def test_on_an_extended_one_they_survive_because_updates_refuse(self):
        drive, _, ota_1, *_ = LAYOUTS["8MB"]
        path = self.make("8MB", "--extended")
        files = self.FILES | {"LONG.BIN": noise("long", 4_500_000)}  # reaches into the slot
        content = path.read_bytes()
        volume = self.put_files(cut_out(content, drive, ota_1), files)
        path.write_bytes(put_back(content, volume, drive, ota_1))
        self.assertNotEqual(cut_out(path.read_bytes(), ota_1), cut_out(content, ota_1))
        before = self.digest(path)
        for words in (["update", "two.bin"], ["flash", "two.bin"], ["flash", "two.bin", "--offset", "0"], ["switch"], ["rollback"],
                      ["abandon"]):
            with self.subTest(words):
                self.file("two.bin", TWO)
                error = self.refused("storage_extended", words[0], path, *words[1:])
                self.assertTrue(error["message"].startswith("storage is extended"))
                self.assertIn(f"dualbank erase-filesystem {path} --no-extended", error["cure"])
                self.assertEqual(error["values"], {"slot": "ota_1"})
        self.refused("storage_extended", "update", path, "two.bin", "--force")
        self.assertEqual(self.digest(path), before)
        volume = cut_out(path.read_bytes(), drive, ota_1)
        self.check(volume)
        self.assertEqual(self.get_files(volume, files), files)
        self.ok("update", path, "two.bin", "--overwrite-drive")
        self.assertEqual(cut_out(path.read_bytes(), ota_1)[:len(TWO)], TWO)

    def test_a_first_image_goes_beside_an_extended_drive(self):
        drive, _, ota_1, *_ = LAYOUTS["8MB-no-uf2"]
        path = self.folder / "blank.flash"
        self.ok("new", path, "--layout", "8MB-no-uf2", "--extended")
        volume = cut_out(path.read_bytes(), drive, ota_1)
        self.ok("update", path, self.file("one.bin", ONE))
        self.assertEqual(cut_out(path.read_bytes(), drive, ota_1), volume)
        self.assertEqual(self.ok("reset", path, "--json").json["running_slot"], "ota_0")
        self.assertEqual(self.refused("storage_extended", "update", path, self.file("two.bin", TWO))["values"], {"slot": "ota_1"})

    def test_taking_the_slot_back_makes_updates_possible(self):
        path = self.make("8MB", "--extended")
        self.ok("erase-filesystem", path, "--no-extended")
        self.ok("update", path, self.file("two.bin", TWO))


class Refusals(DriveTest):
    def test_no_drive_and_no_second_slot(self):
        rows = [("nvs", 1, 2, 0x9000, 0x5000), ("otadata", 1, 0, 0xE000, 0x2000), ("ota_0", 0, 0x10, 0x10000, 0x160000),
                ("ota_1", 0, 0x11, 0x170000, 0x160000)]
        bare = self.file("bare.flash", flash_bytes((ONE, None), table_bytes=table(rows)))
        self.refused("no_drive", "erase-filesystem", bare)
        self.assertIsNone(self.ok("status", bare, "--json").json["drive"])
        self.refused("drive_one_slot", "new", "one.flash", "--layout", "4MB-no-ota", "--extended")
        self.ok("new", "one.flash", "--layout", "4MB-no-ota")
        error = self.refused("drive_one_slot", "erase-filesystem", "one.flash", "--extended")
        self.assertIn("--no-extended", error["cure"])
        self.ok("erase-filesystem", "one.flash", "--no-extended")

    def test_options_that_do_not_fit(self):
        path = self.make("8MB")
        self.refused("usage", "erase-filesystem", path, "--extended", "--no-extended", exit_code=2)
        csv = self.file("p.csv", b"otadata,data,ota,0xE000,8K\na,app,ota_0,,512K,\nb,app,ota_1,,512K,\nuser_fs,data,fat,,512K,\n")
        self.refused("usage", "new", "c.flash", "--csv", csv, "--extended", exit_code=2)
        self.ok("new", "c.flash", "--csv", csv)
        self.assertEqual(self.ok("status", "c.flash", "--json").json["drive"]["state"], "unformatted", "left as it is")

    def test_a_slot_that_is_needed_is_not_lent(self):
        path = self.make("8MB")
        self.ok("flash", path, self.file("piece.bin", TWO[:8192]), "--offset", "0")
        self.refused("drive_slot_updating", "erase-filesystem", path, "--extended")
        self.ok("update", path, self.file("two.bin", TWO))
        self.refused("drive_slot_boots", "erase-filesystem", path, "--extended", "--running", "ota_0")
        self.refused("on_trial", "erase-filesystem", path, "--extended")
        self.ok("erase-filesystem", path, "--extended", "--force")


class Told(DriveTest):
    """status, inspect and map say what stands there."""

    def board_with(self, fat):
        return self.file("board.flash", flash_bytes((ONE, None), (record(1, VALID), b""), drive=fat))

    def test_an_extended_drive(self):
        board = self.board_with(fat_boot_sector((0x130000 + 0x160000) // 512))
        status = self.ok("status", board, "--json").json
        self.assertEqual((status["available"], status["reason_code"], status["update"]), (False, "storage_extended", None))
        self.assertTrue(status["reason"].startswith("storage is extended"))
        self.assertEqual(status["drive"], {"state": "extended", "offset": 0x2D0000, "size": 0x130000, "slot": "ota_1"})
        self.assertIn("the CIRCUITPY drive goes on here", self.ok("status", board).out)
        self.assertIn("the CIRCUITPY drive goes on here", self.ok("map", board).out)
        for verb in ("map", "inspect"):
            self.assertEqual(self.ok(verb, board, "--json").json["drive"], status["drive"])

    def test_no_file_system_is_no_reason_to_refuse_but_is_told(self):
        board = self.board_with(b"")
        status = self.ok("status", board, "--json").json
        self.assertEqual((status["available"], status["drive"]["state"]), (True, "unformatted"))
        findings = {f["code"]: f for f in self.ok("inspect", board, "--json").json["findings"]}
        self.assertEqual(findings["drive_unformatted"]["severity"], "note")
        for words in (["status"], ["flash", "two.bin"], ["switch"]):
            self.file("two.bin", TWO)
            said = self.ok(words[0], board, *words[1:]).err
            self.assertIn("the next boot of CircuitPython makes one that is extended into ota_1", said)
            self.assertIn(f"dualbank erase-filesystem {board} --no-extended", said)
        self.ok("erase-filesystem", board)
        self.assertNotIn("CircuitPython", self.ok("status", board).err)

    def test_somebody_elses_partition_is_left_alone(self):
        rows = [("nvs", 1, 2, 0x9000, 0x5000), ("otadata", 1, 0, 0xE000, 0x2000), ("ota_0", 0, 0x10, 0x10000, 0x160000),
                ("ota_1", 0, 0x11, 0x170000, 0x160000), ("storage", 1, 0x81, 0x2D0000, 0x130000)]
        board = self.file("idf.flash", flash_bytes((ONE, None), (record(1, VALID), b""), table_bytes=table(rows)))
        self.assertNotIn("CircuitPython", self.ok("status", board).err)
        self.assertEqual(self.ok("inspect", board, "--json").json["findings"], [])
        self.ok("update", board, self.file("two.bin", TWO))


if __name__ == "__main__":
    unittest.main()
