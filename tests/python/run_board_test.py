"""`run`: what a script finds on the desk: resets, reloads, what outlives them, its drive, its modules."""

import re
import unittest

import dualbank
from run_support import RunTest
from support import VALID, app_image, boot_choice, record


class Starts(RunTest):
    def test_a_reset_ends_the_script_where_it_stands_and_the_flash_boots_again(self):
        ran = self.run_script("""
            import dualbank, microcontroller
            print(microcontroller.cpu.reset_reason, microcontroller.nvm[:2])
            if microcontroller.nvm[0] == 255:
                microcontroller.nvm[0:2] = b"ab"
                dualbank.flash(open("two.bin", "rb").read())
                dualbank.switch()
                try:
                    microcontroller.reset()
                except BaseException:
                    print("caught")
                finally:
                    print("finally")
        """)
        self.assertEqual(ran.said, ["microcontroller.ResetReason.POWER_ON bytearray(b'\\xff\\xff')",
                                    "microcontroller.ResetReason.SOFTWARE bytearray(b'ab')"])
        starts = ran.json["starts"]
        self.assertEqual([(s["slot"], s["version"], s["ended"]) for s in starts],
                         [("ota_0", "1.0", "reset"), ("ota_1", "2.0", "done")])
        self.assertEqual((ran.json["ended"], ran.json["boot_slot"]), ("done", "ota_1"))

    def test_boots_limits_the_starts_and_the_last_reset_is_still_done(self):
        text = "import microcontroller\nprint('start')\nmicrocontroller.reset()\n"
        for boots in (1, 3):
            ran = self.run_script(text, "--boots", str(boots))
            self.assertEqual((ran.said, ran.json["ended"]), (["start"] * boots, "starts_used_up"))
        self.assertEqual(len(self.run_script(text).json["starts"]), 10)

    def test_safe_mode_runs_no_script(self):
        ran = self.run_script("import microcontroller\nmicrocontroller.on_next_reset(microcontroller.RunMode.SAFE_MODE)\n"
                              "microcontroller.reset()\n")  # fmt: skip
        self.assertEqual((ran.json["ended"], len(ran.json["starts"])), ("safe_mode", 1))

    def test_a_soft_reload_runs_finally_and_keeps_the_clock(self):
        ran = self.run_script("""
            import supervisor, time, microcontroller
            print(supervisor.runtime.run_reason, time.monotonic() > 50)
            time.sleep(60)
            try:
                if supervisor.runtime.run_reason == supervisor.RunReason.STARTUP:
                    supervisor.reload()
            finally:
                print("finally")
            print(microcontroller.cpu.reset_reason)
        """)
        self.assertEqual(ran.said, ["supervisor.RunReason.STARTUP False", "finally",
                                    "supervisor.RunReason.SUPERVISOR_RELOAD True", "finally",
                                    "microcontroller.ResetReason.POWER_ON"])

    def test_another_platform_ends_the_run(self):
        self.write_flash(self.ONE, app_image("1.25", project="micropython"), records=(record(1, VALID),))
        ran = self.run_script("import dualbank, microcontroller\ndualbank.switch()\nmicrocontroller.reset()\n")
        self.assertEqual((ran.json["ended"], ran.json["boot_slot"]), ("other_platform", "ota_1"))
        self.assertIn("ota_1 boots micropython 1.25", ran.err)

    def test_nothing_boots_is_exit_code_3(self):
        self.write_flash()
        self.assertEqual(self.run_script("print('never')\n", code=3).json["ended"], "nothing_boots")

    def test_an_exception_is_told_as_the_board_tells_it(self):
        ran = self.run_script("""
            def f():
                raise ValueError("no")

            f()
        """, code=1)
        self.assertEqual(ran.said, ["Traceback (most recent call last):", '  File "code.py", line 4, in <module>',
                                    '  File "code.py", line 2, in f', "ValueError: no"])
        self.assertEqual(ran.json["ended"], "error")
        self.assertIn("line 1", "\n".join(self.run_script("def f(:\n", code=1).said))
        self.assertEqual(self.run_script("import sys\nsys.exit(3)\n").json["ended"], "done")

    def test_each_start_has_names_of_its_own(self):
        (self.drive / "helper.py").write_text("calls = []\n")
        ran = self.run_script("""
            import helper, supervisor
            helper.calls.append(1)
            print(__name__, "seen" in globals(), len(helper.calls))
            seen = True
            if supervisor.runtime.run_reason == supervisor.RunReason.STARTUP:
                supervisor.reload()
        """)
        self.assertEqual(ran.said, ["__main__ False 1"] * 2)

    def test_boot_py_runs_at_a_reset_and_not_at_a_reload(self):
        self.script("print('boot.py')\nimport storage\nstorage.remount('/', readonly=False)\n", "boot.py")
        ran = self.run_script("import supervisor, storage\nprint(storage.getmount('/').readonly)\n"
                              "if supervisor.runtime.run_reason == supervisor.RunReason.STARTUP:\n    supervisor.reload()\n")
        self.assertEqual(ran.said, ["boot.py", "False", "False"])

    def test_the_watchdog_resets_and_feeding_holds_it_off(self):
        ran = self.run_script("""
            import microcontroller, time
            from watchdog import WatchDogMode
            print(microcontroller.cpu.reset_reason)
            microcontroller.watchdog.timeout = 5
            microcontroller.watchdog.mode = WatchDogMode.RESET
            for _ in range(4):
                time.sleep(4)
                microcontroller.watchdog.feed()
            if microcontroller.cpu.reset_reason == microcontroller.ResetReason.POWER_ON:
                while True:
                    time.sleep(1)
        """)
        self.assertEqual(ran.said, ["microcontroller.ResetReason.POWER_ON", "microcontroller.ResetReason.WATCHDOG"])

    def test_the_watchdog_barks_in_a_busy_loop_too(self):
        ran = self.run_script("""
            import microcontroller
            from watchdog import WatchDogMode, WatchDogTimeout
            microcontroller.watchdog.timeout = 0.2
            microcontroller.watchdog.mode = WatchDogMode.RAISE
            try:
                while True:
                    pass
            except WatchDogTimeout as e:
                print(e)
        """)
        self.assertEqual(ran.said, ["Watchdog timer expired."])

    def test_seconds_ends_a_script_that_never_does(self):
        ran = self.run_script("import time\nwhile True:\n    time.sleep(30)\n    print('.')\n", "--seconds", "100")
        self.assertEqual((ran.json["ended"], ran.said), ("time_up", ["."] * 3))

    def test_a_sleep_takes_its_time_up_to_the_longest(self):
        ran = self.run_script("import time\nt = time.monotonic()\ntime.sleep(1000)\nprint(time.monotonic() - t >= 1000)\n")
        self.assertEqual(ran.said, ["True"])

    def test_input_takes_one_line_for_each_start(self):
        ran = self.run_script("""
            import supervisor
            print(input("name? "))
            if supervisor.runtime.run_reason == supervisor.RunReason.STARTUP:
                supervisor.reload()
        """, stdin="one\ntwo\n")
        self.assertEqual(ran.said, ["name? one", "name? two"])


class Drive(RunTest):
    def test_the_folder_is_the_drive_and_read_only(self):
        ran = self.run_script("""
            import os, storage
            print(os.listdir("/"), os.getcwd(), os.stat("/two.bin")[6] > 30000)
            for path in ("/log.txt", "../log.txt"):
                try:
                    open(path, "w")
                except OSError as e:
                    print(e)
            storage.remount("/", readonly=False)
            with open("/../../log.txt", "w") as file:
                file.write("x")
            os.rename("/log.txt", "/old.txt")
            print(sorted(os.listdir()))
        """)
        self.assertEqual(ran.said, ["['code.py', 'two.bin'] / True", "[Errno 30] Read-only filesystem",
                                    "[Errno 30] Read-only filesystem", "['code.py', 'old.txt', 'two.bin']"])
        self.assertEqual((self.drive / "old.txt").read_text(), "x")
        self.assertFalse((self.folder / "log.txt").exists())

    def test_settings_come_from_the_file_and_the_command(self):
        (self.drive / "settings.toml").write_text('A = "text"\nB = 7\n')
        text = "import os\nprint(os.getenv('A'), os.getenv('B'), os.getenv('C', 'none'), os.getenv('HOME'))\n"
        self.assertEqual(self.run_script(text).said, ["text 7 none None"])
        self.assertEqual(self.run_script(text, "--set", "C=x=y").said, ["text 7 x=y None"])
        other = self.folder / "other.toml"
        other.write_text('A = "other"\n')
        self.assertEqual(self.run_script(text, "--settings", str(other)).said, ["other None none None"])

    def test_secrets_is_the_file_beside_the_script_never_pythons(self):
        ran = self.run_script("from secrets import secrets\n", code=1)
        self.assertIn("put secrets.py beside the script", ran.err)
        (self.drive / "secrets.py").write_text("secrets = {'ssid': 'net'}\n")
        self.assertEqual(self.run_script("from secrets import secrets\nprint(secrets['ssid'])\n").said, ["net"])


class Imports(RunTest):
    def test_libraries_are_files_beside_the_script_or_in_lib(self):
        lib = self.drive / "lib" / "pack"
        lib.mkdir(parents=True)
        (lib / "__init__.py").write_text("from .inner import value\nimport dualbank\n")
        (lib / "inner.py").write_text("from . import other\nvalue = other.value + 1\n")
        (lib / "other.py").write_text("value = 41\n")
        (self.drive / "lib" / "single.py").write_text("import pack.inner\nname = pack.inner.__name__\n")
        ran = self.run_script("import pack, single\nimport pack.other as o\nprint(pack.value, single.name, o.value)\n")
        self.assertEqual(ran.said, ["42 pack.inner 41"])

    def test_a_call_in_a_library_is_told_at_its_own_line(self):
        (self.drive / "helper.py").write_text("import dualbank\n\n\ndef send(data):\n    dualbank.flash(data, 0)\n")
        ran = self.run_script("import helper\nhelper.send(b'x')\n", code=1)
        (found,) = ran.json["differences"]
        self.assertEqual((found["file"], found["line"]), ("helper.py", 5))

    def test_what_circuitpython_has_not_is_not_there(self):
        for name, cure in (("pathlib", "Python has it"), ("requests_toolbox", "--stub requests_toolbox")):
            with self.subTest(name):
                ran = self.run_script(f"import {name}\n", code=1)
                self.assertIn(f"ImportError: no module named '{name}'", ran.err)
                self.assertIn(cure, ran.err)
        (self.drive / "lib").mkdir()
        (self.drive / "lib" / "thing.mpy").write_bytes(b"C\x06")
        self.assertIn("put thing.py in lib/", self.run_script("import thing\n", code=1).err)

    def test_hardware_is_inert_and_said_so(self):
        ran = self.run_script("""
            import board, neopixel, digitalio
            pixels = neopixel.NeoPixel(board.NEOPIXEL, 1, brightness=0.2)
            pixels[0] = (255, 0, 0)
            button = digitalio.DigitalInOut(board.BUTTON)
            button.switch_to_input(pull=digitalio.Pull.UP)
            print(button.value)
            import my_sensor
            with my_sensor.Sensor(board.I2C()) as sensor:
                print(len(list(sensor)))
        """, "--stub", "my_sensor")
        self.assertEqual(ran.said, ["True", "0"])
        self.assertIn("neopixel is inert here", ran.err)

    def test_python_modules_that_mean_the_same_are_pythons(self):
        ran = self.run_script("import json, struct, sys, gc\n"
                              "print(json.dumps([1]), sys.implementation.name, gc.mem_free() > 0)\n")  # fmt: skip
        self.assertEqual(ran.said, ["[1] circuitpython True"])

    def test_a_neighbour_called_like_a_module_of_python_harms_nobody(self):
        for name in ("random", "json", "tempfile", "types"):
            (self.drive / f"{name}.py").write_text("raise SystemError('not for you')\n")
        ran = self.run_script("print('fine')\n", PYTHONSAFEPATH="")
        self.assertEqual(ran.said, ["fine"])
        self.assertTrue(re.search("start 1", ran.err))


class Storage(RunTest):
    def test_the_choice_is_the_flashs_not_the_scripts(self):
        self.write_flash(self.ONE, self.TWO, records=(record(1, VALID), record(2)))
        ran = self.run_script("import os\nprint(os.uname().release)\n")
        self.assertEqual((ran.said, ran.json["starts"][0]["slot"]), (["2.0"], "ota_1"))
        self.assertEqual(boot_choice(self.flash_bytes()), 1)

    def test_erase_filesystem_makes_a_drive_and_resets(self):
        if not hasattr(dualbank.Board, "erase_filesystem"):
            self.skipTest("the package has no erase_filesystem")
        ran = self.run_script("""
            import dualbank, microcontroller, storage
            if microcontroller.cpu.reset_reason == microcontroller.ResetReason.POWER_ON:
                storage.erase_filesystem(extended=True)
            try:
                dualbank.switch()
            except RuntimeError as e:
                print(e)
        """)
        self.assertEqual((ran.said, ran.json["drive"]), (["storage is extended"], "extended"))
        self.assertEqual([s["ended"] for s in ran.json["starts"]], ["reset", "done"])


if __name__ == "__main__":
    unittest.main()
