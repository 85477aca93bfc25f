"""Reads FST files with GTKWave's library, cycle by cycle: what the tests of waveforms compare with."""

from bisect import bisect_right
from pathlib import Path

import pylibfst

PS_PER_CYCLE = 1000


class FstFile:
    """The signals of one core. A signal is named by the end of its path; the shortest path is meant, so the wrapper's."""

    def __init__(self, path: Path, *names: str):
        api = pylibfst.lib
        reader = api.fstReaderOpen(str(path).encode())
        if reader == pylibfst.ffi.NULL:
            raise ValueError(f"{path} is not an FST file")
        self.timescale = api.fstReaderGetTimescale(reader)
        self.start, self.end = api.fstReaderGetStartTime(reader), api.fstReaderGetEndTime(reader)
        signals = pylibfst.get_scopes_signals2(reader)[1].by_name
        self.paths = {path.split(" ")[0]: signal.handle for path, signal in signals.items()}
        self.changes: dict[str, list[tuple[int, int]]] = {}
        wanted: dict[int, list[str]] = {}
        for name in {"clk_i", *names}:
            self.changes[name] = []
            wanted.setdefault(self._handle(name), []).append(name)

        def note(_, time, handle, value):
            for name in wanted.get(handle, ()):
                self.changes[name].append((time, int(pylibfst.string(value), 2)))

        api.fstReaderSetFacProcessMaskAll(reader)
        pylibfst.fstReaderIterBlocks(reader, note)
        api.fstReaderClose(reader)
        # The clock falls in the middle of each recorded cycle.
        self.cycles = [time // PS_PER_CYCLE for time, clock in self.changes["clk_i"] if clock == 0]

    def _handle(self, name: str) -> int:
        return self.paths[min((path for path in self.paths if path.endswith("." + name)), key=len)]

    def at(self, name: str, cycle: int) -> int:
        """The value in this cycle."""
        changes = self.changes[name]
        return changes[bisect_right(changes, cycle * PS_PER_CYCLE, key=lambda change: change[0]) - 1][1]
