"""Networks take the same cycles on every machine, to the last one: what is right other tests say, here nothing of the
dataflow firmware, its kernels, the mapping or a model's timing changes unnoticed. Whoever changes one of these on purpose
runs this with OHMIC_KEEP=1, which writes kept_network_runs.json anew, and looks at the difference."""

import json
import os
import tempfile
import unittest
from pathlib import Path

import numpy
from ohmic_tool import CONFIGS, SystemTest, ohmic, run_network
from PIL import Image

KEPT = Path(__file__).with_name("kept_network_runs.json")
DIGITAL = "layers.*=digital"
PHASE_CHANGE = "analog={model: pcm, read_noise: per_mvm, compensation: %s}"
# name: chip, settings of resnet_micro
RUNS = {
    "naive": ("aimc16.yaml", ()),
    "replicated": ("aimc16.yaml", ("mapping.policy=replicated",)),
    "paper": ("aimc16.yaml", ("mapping.policy=paper",)),
    "best": ("aimc16.yaml", ("mapping.policy=best", "mapping.evaluations=20")),
    "residuals in HBM": ("aimc16.yaml", ("mapping.residuals=hbm",)),
    "five cores": ("aimc16.yaml", ("cluster.cores=5",)),
    "small crossbars": ("aimc64.yaml", ("ima.rows=96", "ima.columns=80")),
    "copies": ("aimc64.yaml", ("layers.*=analog_x2",)),
    "digital": ("aimc16.yaml", (DIGITAL,)),
    "digital, in turn": ("aimc4.yaml", (DIGITAL, "cluster.l1_bytes=131072")),
    "split": ("aimc16.yaml", ("layers.conv1=split_11", "layers.l1b0c1=split_3")),
    "global compensation": ("aimc16.yaml", (PHASE_CHANGE % "global",)),
    "compensation per column": ("aimc16.yaml", (PHASE_CHANGE % "per_column",)),
}
# Of another make: kernels of 5 x 5, no additions, several matrix products; or with weights that come from HBM.
RUNS_OF_ALEXNET = {
    "alexnet_small": ("aimc64.yaml", ()),
    "alexnet_small, weights from HBM": ("aimc1.yaml", (DIGITAL,)),
}
COUNTS = ("cycles", "boot_cycles", "retired_instructions", "awake_core_cycles", "bank_conflict_cycles", "result_hash")
COUNTERS = {("dma", "descriptors"), ("dma", "notifications"), ("dma", "bursts_written"), ("icache", "misses")}


def counts_of(summary: dict) -> dict:
    counts = {name: summary[name] for name in COUNTS}
    for counter in summary["counters"]:
        if (counter["block"], counter["name"]) in COUNTERS:
            counts[f"{counter['block']}.{counter['name']}"] = [counter["total"], counter["after_boot"]]
    return counts


def options(settings: tuple[str, ...]) -> list[str]:
    return ["--quiet", *(word for setting in settings for word in ("--set", setting))]


class KeptNetworkRuns(SystemTest):
    def residual_network(self, chip: str, settings: tuple[str, ...]) -> dict:
        run = run_network(chip, "resnet_micro", *options(settings), images=2)
        self.ends(run, 0)
        return counts_of(run.summary)

    def alexnet(self, chip: str, settings: tuple[str, ...]) -> dict:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            for n in range(2):
                pixels = numpy.random.default_rng(n).integers(0, 256, (32, 32, 3), dtype=numpy.uint8)
                Image.fromarray(pixels).save(folder / f"{n}.png")
            experiment = folder / "experiment.yaml"
            experiment.write_text(
                f"chip: {CONFIGS / chip}\nmodel: alexnet_small\nimages: {{dir: {folder}, count: 2}}\n"
            )
            self.ends(ohmic("run", experiment, "--out", folder / "out", *options(settings)), 0)
            return counts_of(json.loads((folder / "out" / "summary.json").read_text()))

    def test_runs_take_their_cycles(self):
        found = {name: self.residual_network(*run) for name, run in RUNS.items()}
        found |= {name: self.alexnet(*run) for name, run in RUNS_OF_ALEXNET.items()}
        if os.environ.get("OHMIC_KEEP"):
            KEPT.write_text(json.dumps(found, indent=1) + "\n")
        kept = json.loads(KEPT.read_text())
        self.assertEqual(sorted(found), sorted(kept))
        for name, counts in found.items():
            with self.subTest(name):
                self.assertEqual(counts, kept[name])


if __name__ == "__main__":
    unittest.main()
