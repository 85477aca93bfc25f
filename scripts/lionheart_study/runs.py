"""Runs of `ohmic evaluate` and `ohmic hybrid`, each kept in a file: what is there already is not run again."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import labelled_data
from ohmic_models import whole_file

from lionheart_study.plan import DECISION, TIMES, Network

ROOT = Path(__file__).resolve().parents[2]
OHMIC = Path(os.environ.get("OHMIC_BUILD", ROOT / "build" / "release")) / "ohmic"
ENERGY = ROOT / "configs" / "energy" / "silicon.yaml"
DEVICES = "{model: pcm, read_noise: static, compensation: global}"


def judging(data: list) -> list:
    """Of data's options those that do not calibrate."""
    pairs = zip(data[::2], data[1::2], strict=True)
    return [word for pair in pairs if "--calibration" not in pair[0] for word in pair]


class RunFailed(Exception):
    """A run that ended with an error; what it said is on the terminal."""


class Runner:
    def __init__(self, folder: Path, chip: Path, again: bool):
        self.folder, self.chip, self.again = folder, chip, again
        self.scratch = folder / "data"
        self.kept = 0

    def study(self, network: Network) -> dict:
        """All that is drawn of one network: its accuracy over time, what was found, and the accuracy of that."""
        data = labelled_data.of_network(network.name, self.scratch)
        of_network = self.folder / network.name
        of_network.mkdir(parents=True, exist_ok=True)
        experiment = of_network / "experiment.yaml"
        text = f"chip: {self.chip}\nmodel: {network.name}\nmapping: {{policy: best, trials: 0}}\nanalog: {DEVICES}\n"
        whole_file.write(experiment, text.encode())
        judged = ["--images", network.fresh_images, "--draws", network.fresh_draws, "--time", ",".join(TIMES)]
        judged += ["--analog", DEVICES]
        accuracy = self.run(of_network / "all_analog", ["evaluate", network.name, *data, *judged])
        budget = ["--images", network.images, "--draws", network.draws]
        budget += ["--fresh-images", network.fresh_images, "--fresh-draws", network.fresh_draws]
        budget += ["--confidence", network.confidence]
        found = self.run(
            of_network / "hybrid",
            ["hybrid", experiment, *data, *budget, "--threshold", ",".join(network.thresholds), "--time", DECISION]
            + ["--method", ",".join(network.methods), "--energy", ENERGY, "--out", of_network],
        )
        over_time = {}
        for row in found["rows"]:
            if row["method"] not in ("ohmic", "lionheart") or not row.get("holds"):
                continue
            name = f"{row['method']}_{row['threshold_points']:g}"
            report = self.run(
                of_network / f"accuracy_{name}",
                ["evaluate", of_network / f"{name}.onnx", *judging(data), *judged, "--only-adc"],
                reads=of_network / f"{name}.onnx",
            )
            over_time[name] = report["analog"]["times"]
        return {"network": network.name, "accuracy": accuracy, "hybrid": found, "over_time": over_time}

    def run(self, report: Path, words: list, reads: Path | None = None) -> dict:
        """The report of a command, from its file if the same command wrote it."""
        file, done = report.with_suffix(".json"), report.with_suffix(".done")
        own = hashlib.sha256(reads.read_bytes() if reads else b"").hexdigest()
        stamp = json.dumps([*(str(word) for word in words), own])
        if not self.again and done.is_file() and done.read_text() == stamp and file.is_file():
            self.kept += 1
            return json.loads(file.read_text())
        done.unlink(missing_ok=True)
        begin = time.monotonic()
        command = [str(word) for word in [OHMIC, *words, "--json", file]]
        process = subprocess.run(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=ROOT)
        if process.returncode not in (0, 1) or not file.is_file():
            raise RunFailed(f"{report.name} of {report.parent.name}: ohmic ended with exit code {process.returncode}")
        found = json.loads(file.read_text())
        if process.returncode == 1:
            errors = [row["error"] for row in found.get("rows", []) if "error" in row]
            raise RunFailed(
                f"{report.name} of {report.parent.name}: a simulation went wrong: {errors[0] if errors else ''}"
            )
        found["wall_s"] = time.monotonic() - begin
        whole_file.write(file, json.dumps(found).encode())
        whole_file.write(done, stamp.encode())
        return found


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
