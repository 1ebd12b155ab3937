"""tools/worst_stack.py: frames as the compilers make them, and the chain that is deepest."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import worst_stack  # noqa: E402

ARM = """
00000000 <entry>:
   0:\tpush\t{r4, r5, lr}
   2:\tsub\tsp, #20
   4:\tbl\t0 <entry>
\t\t\t4: R_ARM_THM_CALL\tsmall
   8:\tbl\t0 <entry>
\t\t\t8: R_ARM_THM_CALL\tlarge
   c:\tadd\tsp, #20
   e:\tpop\t{r4, r5, pc}

00000000 <small>:
   0:\tpush\t{r4-r7, lr}
   2:\tblx\tr3
   4:\tpop\t{r4-r7, pc}

00000000 <large>:
   0:\tldr\tr4, [pc, #4]\t@ (8 <large+0x8>)
   2:\tadd\tsp, r4
   4:\tbx\tlr
   8:\t.word\t0xfffffd00

00000000 <virtual>:
   0:\tsub.w\tsp, sp, #1000\t@ 0x3e8
   4:\tbx\tlr
"""

RISCV = """
00000000 <entry>:
   0:\tadd\tsp,sp,-32
   2:\tauipc\tra,0x0
\t\t\t2: R_RISCV_CALL_PLT\tlarge
   6:\tjalr\tra # 2 <entry+0x2>

00000000 <large>:
   0:\tlui\tt0,0x1
   4:\tsub\tsp,sp,t0
   8:\tauipc\tt1,0x0
\t\t\t8: R_RISCV_CALL_PLT\tentry+0x0
   c:\tjr\tt1 # 8 <large+0x8>
"""

DATA = """
RELOCATION RECORDS FOR [.text.entry]:
OFFSET   TYPE              VALUE
00000004 R_ARM_THM_CALL    small

RELOCATION RECORDS FOR [.rodata._ZTV4Chip]:
OFFSET   TYPE              VALUE
00000008 R_ARM_ABS32       virtual
"""


class WorstStack(unittest.TestCase):
    def test_frames(self):
        frames = {name: function.frame for name, function in worst_stack.parse(ARM).items()}
        self.assertEqual(frames, {"entry": 32, "small": 20, "large": 0x300, "virtual": 1000})
        frames = {name: function.frame for name, function in worst_stack.parse(RISCV).items()}
        self.assertEqual(frames, {"entry": 32, "large": 0x1000})

    def test_the_deepest_chain_and_not_the_longest(self):
        self.assertEqual(worst_stack.worst(worst_stack.parse(ARM), set(), "entry"), (32 + 0x300, ("entry", "large")))

    def test_a_call_through_a_pointer_reaches_what_data_points_to(self):
        pointed_to = worst_stack.in_data(DATA)
        self.assertEqual(pointed_to, {"virtual"})
        self.assertEqual(worst_stack.worst(worst_stack.parse(ARM), pointed_to, "entry"),
                         (32 + 20 + 1000, ("entry", "small", "virtual")))

    def test_circles_are_found(self):
        self.assertEqual(worst_stack.recursive(worst_stack.parse(ARM)), [])
        self.assertEqual(worst_stack.recursive(worst_stack.parse(RISCV)), ["entry", "large"])

    def test_what_is_on_the_chain_already_is_not_called_again(self):
        self.assertEqual(worst_stack.worst(worst_stack.parse(RISCV), set(), "entry")[0], 32 + 0x1000)


if __name__ == "__main__":
    unittest.main()
