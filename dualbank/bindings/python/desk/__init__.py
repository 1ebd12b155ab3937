"""CircuitPython scripts on the desk: `dualbank run code.py --flash board.flash`.

A run is a row of starts of the script, each in a process of its own (`_start`), as after a reset or a soft reload
(`_runner`). What the script imports are stand-ins that do on the host what the board's modules do. `dualbank` is the
board's own module, emulated on the flash file (`_circuitpython`), or ours; the other one is asked beside it on a copy,
and what it would have done differently is told at the end (`_both`, `_points`).
"""
