"""The ohmic program as a user runs it, for tests of whole runs."""

import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ohmic_models import packages
from ohmic_models.build import build

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("OHMIC_BUILD", ROOT / "build" / "release"))
CONFIGS = ROOT / "configs"
CACHE = ROOT / ".cache"

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever has started the tests with nohup

# No verdict depends on how fast or how busy the machine is: tests wait for events, and only what takes longer than any
# machine needs counts as hanging.
PATIENCE = 1800.0  # seconds


@functools.cache
def model_folder(name: str) -> Path:
    """Builds a model on first use and keeps it like a user's."""
    out = CACHE / "models" / name
    try:
        build(name, out, CACHE / "packages")
    except packages.DownloadError as error:
        print(f"SKIPPED: {error}")
        sys.exit(77)
    return out


@dataclass
class Run:
    code: int
    out: str
    err: str
    summary: dict | None
    logits: list | None


def wait_until(happened: Callable[[], object], process: subprocess.Popen | None = None) -> None:
    """Waits for an event, which a process that has ended cannot make any more."""
    hangs_at = time.monotonic() + PATIENCE
    while not happened():
        if process is not None and process.poll() is not None and not happened():
            out, err = process.communicate()
            raise AssertionError(f"{process.args} ended with {process.returncode} before that\n{out}\n{err}")
        if time.monotonic() > hangs_at:
            raise AssertionError(f"did not happen in {PATIENCE} s")
        time.sleep(0.01)


def ohmic(*arguments, cwd: Path = ROOT, program: Path = BUILD / "ohmic", environment: dict | None = None) -> Run:
    """Runs the tool with exactly these arguments. One that does not end is interrupted, so that it tells where it is."""
    process = subprocess.Popen(
        [str(program), *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        state = Path(f"/proc/{process.pid}/status").read_text()
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=PATIENCE / 10)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        raise AssertionError(f"{process.args} did not end in {PATIENCE} s\n{out}\n{err}\n{state}") from None
    return Run(process.returncode, out, err, None, None)


def run_network(chip: str, model: str, *arguments, images: int = 2, threads: int = 1) -> Run:
    """A network on one of the chips in configs/, in a folder of its own."""
    model_folder(model)
    with tempfile.TemporaryDirectory() as scratch:
        experiment = Path(scratch) / "experiment.yaml"
        experiment.write_text(f"chip: {CONFIGS / chip}\nmodel: {model}\nimages: {{count: {images}}}\n")
        out = Path(scratch) / "out"
        run = ohmic("run", experiment, "--out", out, "--threads", threads, *arguments)
        for name in ("summary", "logits"):
            if (out / f"{name}.json").is_file():
                setattr(run, name, json.loads((out / f"{name}.json").read_text()))
        run.files = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
        return run


def run_program(elf: str, *arguments, chip: str = "aimc4.yaml") -> Run:
    """A firmware of the build on a chip; words behind "--" go to it."""
    return ohmic("run", BUILD / "firmware" / f"{elf}.elf", "--chip", CONFIGS / chip, *arguments)


def main_with_rtl() -> None:
    """Runs the tests of a file that needs RTL cores; ends as skipped if the build has none."""
    probe = run_program("startup", "--cores", "0.0=rtl", chip="aimc1.yaml")
    if "built without RTL cores" in probe.err:
        print("SKIPPED: built without RTL cores")
        sys.exit(77)
    unittest.main(module="__main__")


class SystemTest(unittest.TestCase):
    """Checks that say what the tool said when they fail."""

    maxDiff = None

    def ends(self, run: Run, code: int) -> None:
        self.assertEqual(run.code, code, f"exit code\n--- stdout\n{run.out}\n--- stderr\n{run.err}")

    def says(self, run: Run, *words: str) -> None:
        for word in words:
            self.assertIn(word, run.err + run.out)

    def refuses(self, run: Run, *words: str) -> None:
        """A user's mistake: exit code 2, one short message that names it, no crash report, nothing on stdout."""
        self.ends(run, 2)
        self.assertTrue(run.err.startswith("ohmic: "), run.err)
        self.assertNotIn("terminate called", run.err)
        self.assertLessEqual(len(run.err.splitlines()), 4, run.err)
        for word in words:
            self.assertIn(word, run.err)
