#!/usr/bin/env python3
"""Checks that one program has nothing of the breakable ISS, and that another has it.

usage: check_absent.py PROGRAM_WITHOUT PROGRAM_WITH
"""

import sys
from pathlib import Path

HOOKS = (b"chosen_mutation", b"broken_op")

without, with_it = (Path(name).read_bytes() for name in sys.argv[1:3])
for hook in HOOKS:
    if hook in without:
        sys.exit(f"{sys.argv[1]} has '{hook.decode()}' in it")
    if hook not in with_it:
        sys.exit(f"{sys.argv[2]} has no '{hook.decode()}': the check finds nothing")
