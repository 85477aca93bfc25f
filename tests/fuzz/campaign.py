"""A campaign of random inputs against whole programs: options, budget, progress, findings. Contract: campaign.h.

    campaign = Campaign("interruptions", inputs=500)
    for number, random in campaign:            # `random` (random.Random) depends on seed and number only
        ...
        campaign.reached()                     # it came past what parses it
        campaign.finding("half a file", data)  # bytes or str that make it happen again
    campaign.end()                             # the last line, and the exit code

`campaign.files` holds kept inputs given on the command line, to be run again instead.
"""

import argparse
import os
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("OHMIC_BUILD", ROOT / "build" / "release"))


class Campaign:
    def __init__(self, name: str, inputs: int, least_reached: float = 0.0):
        parser = argparse.ArgumentParser(prog=f"{name}_fuzz.py")
        parser.add_argument("--inputs", type=int)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--minutes", type=float)
        parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
        parser.add_argument("files", type=Path, nargs="*")
        options = parser.parse_args()
        self.name, self.seed, self.keep, self.files = name, options.seed, options.keep, options.files
        self.minutes = options.minutes
        self.inputs = options.inputs if options.inputs is not None else (None if options.minutes else inputs)
        self.least_reached = least_reached
        self.number = self.done = self.past = 0
        self.kinds: dict[str, int] = {}
        self.begin = time.monotonic()
        self._tell_at = 5.0

    def __iter__(self):
        while not self._over():
            yield self.number, random.Random(f"{self.seed}-{self.number}")
            self.done += 1
            self.number += 1
            self._tell()

    def _over(self) -> bool:
        if self.inputs is not None and self.number >= self.inputs:
            return True
        return self.minutes is not None and time.monotonic() - self.begin >= 60 * self.minutes

    def _tell(self) -> None:
        now = time.monotonic() - self.begin
        if now < self._tell_at:
            return
        self._tell_at = now + 5
        left = 60 * self.minutes - now if self.minutes is not None else float("inf")
        if self.inputs is not None:
            left = min(left, now * (self.inputs - self.done) / self.done)
        print(f"{self.name}: {self.done} inputs, {int(left) // 60} min {int(left) % 60:02} s left", file=sys.stderr)

    def reached(self) -> None:
        """This input came past the parser."""
        self.past += 1

    def finding(self, wrong: str, data: bytes | str) -> None:
        """Something that a user must never see. Findings of one kind (the text up to ':') are kept once."""
        kind = wrong.split(":")[0]
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if self.kinds[kind] != 1:
            return
        self.keep.mkdir(parents=True, exist_ok=True)
        file = self.keep / f"{self.name}-{self.seed}-{self.number}"
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        print(f"FINDING: {wrong} (input {self.number} of seed {self.seed}, kept as {file})", flush=True)

    def end(self) -> None:
        """Prints the last line and leaves with the exit code."""
        part = self.past / self.done if self.done else 0.0
        print(
            f"{self.name}: {self.done} inputs of seed {self.seed} in {time.monotonic() - self.begin:.1f} s, "
            f"{100 * part:.0f} % past the parser, {sum(self.kinds.values())} findings of {len(self.kinds)} kinds"
        )
        if self.done >= 100 and part < self.least_reached:
            print(f"{self.name}: fewer than {100 * self.least_reached:.0f} % came past the parser")
            sys.exit(1)
        sys.exit(1 if self.kinds else 0)
