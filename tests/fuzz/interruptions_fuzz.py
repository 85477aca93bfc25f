"""Signals and kills at random times and full disks while ohmic runs, calibrates and compiles.

Whatever happens: no half-written file under its final name, no debris but a killed program's (which the next run that
writes there removes), exit codes as documented, and the next run is right, caches included.

A kept input is the JSON of a case.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

from campaign import BUILD, ROOT, Campaign
from ohmic_models import packages
from ohmic_models.build import build

CHIP = ROOT / "configs" / "aimc16.yaml"
MODEL = ROOT / ".cache" / "models" / "resnet_micro"
CODES = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}
DISKS = ("limit", "full disk")
COMMANDS = ("run", "program", "waves", "calibrate", "compile")
PATIENCE = 1800  # seconds; only what takes longer than any machine needs hangs
FST_HEADER = 337  # bytes; it holds the date
EVENTS = ("signal", "signals", "kill", "limit", "full disk")  # "limit": of each file's size


class Bench:
    """Commands, and what each writes when nothing happens."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.disk = folder / "disk"
        self.disk.mkdir()
        self.experiment = folder / "experiment.yaml"
        self.experiment.write_text(f"chip: {CHIP}\nmodel: resnet_micro\nimages: {{count: 1}}\n")
        self.expected, self.seconds, self.largest, self.all_bytes = {}, {}, {}, {}
        for command in COMMANDS:
            self.clean(cache=True)
            begin = time.monotonic()
            process = self.start(command)
            _, err = process.communicate(timeout=PATIENCE)
            if process.returncode != 0:
                raise SystemExit(f"{command} alone ends with {process.returncode}: {err}")
            self.seconds[command] = time.monotonic() - begin
            self.expected[command] = self.outputs()
            self.largest[command] = max(len(data) for data in self.outputs().values())
            self.all_bytes[command] = sum(path.stat().st_size for path in self.disk.rglob("*") if path.is_file())
        self.cache_entries = {path.relative_to(self.cache): path.read_bytes() for path in self.entries()}

    @property
    def cache(self) -> Path:
        return self.disk / "cache"

    @property
    def out(self) -> Path:
        return self.disk / "out"

    def entries(self) -> list[Path]:
        return [path for path in self.cache.rglob("*") if path.is_file() and not path.name.endswith(".part")]

    def outputs(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.out.rglob("*") if path.is_file()}

    def mount(self, options: str) -> bool:
        """A disk of its own, where that is allowed."""
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(self.disk)]
        return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.disk)], check=True)

    def clean(self, cache: bool) -> None:
        for folder in (self.out, self.cache) if cache else (self.out,):
            shutil.rmtree(folder, ignore_errors=True)

    def words(self, command: str) -> list:
        photos = MODEL / "photos"
        hello = ["run", BUILD / "firmware" / "hello.elf", "--chip", CHIP, "--out", self.out]
        return {
            "run": ["run", self.experiment, "--trace", "0.0", "--out", self.out],
            "program": [*hello, "--trace", "0.0", "--json", self.out / "figures.json"],
            "waves": [*hello, "--cores", "0.0-1=rtl", "--wave", "0.0-1"],
            "calibrate": ["calibrate", MODEL / "resnet_micro.onnx", "--images", photos, "--out", self.out / "x.onnx"],
            "compile": ["compile", self.experiment, "--out", self.out],
        }[command]

    def start(self, command: str, size: int | None = None) -> subprocess.Popen:
        if command == "program":
            self.out.mkdir(exist_ok=True)  # of figures.json; the folder of --out is made by itself

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        return subprocess.Popen(
            [str(word) for word in (BUILD / "ohmic", *self.words(command))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OHMIC_CACHE": str(self.cache), "OHMIC_MODELS": str(MODEL.parent)},
            preexec_fn=None if size is None else limit,
        )


def whole(name: str, data: bytes, expected: bytes, code: int) -> bool:
    """A final file is what an undisturbed run writes, or of an interrupted one all that there was."""
    if name in ("summary.json", "figures.json"):
        try:
            return json.loads(data)["exit_code"] == code or code < 0
        except ValueError:
            return False
    if name.startswith("wave"):
        return data[FST_HEADER:] == expected[FST_HEADER:] or (code > 2 and is_waveform(data))
    if name.startswith("trace"):
        return data == expected or (code > 2 and data.endswith(b"\n"))
    return data == expected


def is_waveform(data: bytes) -> bool:
    """An FST file is whole blocks, each a byte of kind and its length; the header comes first, geometry and hierarchy
    when it is completed."""
    kinds, at = [], 0
    while at + 9 <= len(data):
        kinds.append(data[at])
        at += 1 + int.from_bytes(data[at + 1 : at + 9], "big")
    return at == len(data) and kinds[:1] == [0] and 3 in kinds and bool({4, 6, 7} & set(kinds))


def entry_is_right(path: Path) -> bool:
    header, _, content = path.read_bytes().partition(b"\n")
    return header.decode("latin1").split()[-2:] == [str(len(content)), f"{zlib.crc32(content):08x}"]


def make(bench: Bench, random) -> dict:
    command, event = random.choice(COMMANDS), random.choice(EVENTS)
    return {
        "command": command,
        "event": event,
        "signal": int(random.choice(list(CODES))),
        "after": round(random.uniform(0, 1.1) * bench.seconds[command], 4),
        "again_after": round(random.choice((0, random.uniform(0, 0.05))), 4),
        "size": random.choice((0, random.randrange(1000), random.randrange(bench.largest[command]))),
        "disk": 4096 * random.randrange(1, 4 + bench.all_bytes[command] // 4096),
        "warm": random.random() < 0.5,
        "earlier": random.random() < 0.5,
    }


def check(bench: Bench, case: dict) -> str | None:
    """What was wrong. The text up to ':' is its kind."""
    if case["event"] != "full disk":
        return disturb(bench, case) or next_run(bench, case)
    bench.clean(cache=True)
    if not bench.mount(f"size={case['disk']}"):
        return check(bench, {**case, "event": "limit"})
    try:
        wrong = disturb(bench, {**case, "earlier": False})
        if not wrong and bench.mount("remount,size=256m"):
            wrong = next_run(bench, case)
        return wrong
    finally:
        bench.unmount()


def disturb(bench: Bench, case: dict) -> str | None:
    command, event = case["command"], case["event"]
    bench.clean(cache=not case["warm"])
    if case["earlier"]:
        bench.start(command).communicate(timeout=PATIENCE)
        if not case["warm"]:
            shutil.rmtree(bench.cache, ignore_errors=True)
    earlier = bench.outputs() if bench.out.exists() else {}
    process = bench.start(command, case["size"] if event == "limit" else None)
    if event not in DISKS:
        try:
            process.wait(timeout=case["after"])
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL if event == "kill" else case["signal"])
            if event == "signals":
                time.sleep(case["again_after"])
                process.send_signal(case["signal"])
    try:
        _, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"{event} does not end {command}"
    code = process.returncode
    allowed = {0, CODES[signal.Signals(case["signal"])]}
    if event == "kill":
        allowed = {0, -9}
    elif event in DISKS:
        allowed = {0, 2}
    if event in ("signal", "signals") and code == -case["signal"]:
        code = CODES[signal.Signals(case["signal"])]  # it came before main()
    if code not in allowed:
        return f"{event} ends {command} with another exit code: {code}, {err}"
    told = [line for line in err.splitlines() if line.startswith("ohmic: ")]  # a slow machine shows progress too
    if event in DISKS and code == 2 and not (len(told) == 1 and told[0].startswith("ohmic: cannot write ")):
        return f"{event} is not told by {command} in one line: {err}"
    found = bench.outputs() if bench.out.exists() else {}
    for name, data in found.items():
        if name.endswith(".part"):
            if event != "kill":
                return f"{event} leaves debris of {command}: {name}"
        elif data != earlier.get(name) and not any(
            # A second signal ends at once, perhaps when the report of a finished run is already there.
            whole(name, data, bench.expected[command][name], known)
            for known in ((code, 0) if event == "signals" else (code,))
        ):
            return f"{event} leaves half a file of {command}: {name}, {len(data)} bytes"
    if code == 0 and set(found) != set(bench.expected[command]):
        return f"{event} leaves {command} without a file: {sorted(found)}"
    for path in bench.entries():
        if not entry_is_right(path):
            return f"{event} leaves half a cache entry: {path.name}"
    if event != "kill" and any(path.name.endswith(".part") for path in bench.cache.rglob("*")):
        return f"{event} leaves debris in the cache"
    return None


def next_run(bench: Bench, case: dict) -> str | None:
    command, event = case["command"], case["event"]
    process = bench.start(command)
    _, err = process.communicate(timeout=PATIENCE)
    if process.returncode != 0:
        return f"after {event} the next {command} fails: {process.returncode}, {err}"
    found, expected = bench.outputs(), bench.expected[command]
    if set(found) != set(expected):
        return f"after {event} the next {command} has other files: {sorted(found)}"
    for name, data in found.items():
        if not whole(name, data, expected[name], 0):
            return f"after {event} the next {command} is wrong: {name}"
    for path in bench.entries():
        if path.read_bytes() != bench.cache_entries.get(path.relative_to(bench.cache), path.read_bytes()):
            return f"after {event} a cache entry of {command} is another: {path.name}"
    return None


def main() -> None:
    campaign = Campaign("interruptions", inputs=2000)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever has started it with nohup
    try:
        build("resnet_micro", MODEL, ROOT / ".cache" / "packages")
    except packages.DownloadError as error:
        print(f"SKIPPED: {error}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch))
        if campaign.files:
            wrong = [check(bench, json.loads(file.read_text())) for file in campaign.files]
            print("\n".join(f"{file}: {text or 'right'}" for file, text in zip(campaign.files, wrong, strict=True)))
            sys.exit(1 if any(wrong) else 0)
        for _, random in campaign:
            case = make(bench, random)
            campaign.reached()
            wrong = check(bench, case)
            if wrong:
                campaign.finding(wrong, json.dumps(case, indent=1) + "\n")
    campaign.end()


if __name__ == "__main__":
    main()
