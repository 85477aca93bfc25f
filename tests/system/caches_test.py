"""Calibrations, deployments and reference outputs are made once, and again when what they come from changes."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from ohmic_tool import CONFIGS, SystemTest, model_folder, ohmic, run_network


class Caches(SystemTest):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.cache = Path(self.scratch.name) / "cache"
        patch = mock.patch.dict(os.environ, {"OHMIC_CACHE": str(self.cache)})
        patch.start()
        self.addCleanup(patch.stop)

    def entries(self) -> dict:
        return {
            kind: sorted(path.name for path in (self.cache / kind).glob("*"))
            for kind in ("calibrated", "deployments", "reference")
        }

    def test_a_second_run_makes_nothing_new(self):
        first = run_network("aimc16.yaml", "resnet_micro")
        before = self.entries()
        second = run_network("aimc16.yaml", "resnet_micro")
        self.ends(second, 0)
        self.assertEqual(
            {kind: len(names) for kind, names in before.items()}, {"calibrated": 1, "deployments": 1, "reference": 1}
        )
        self.assertEqual(self.entries(), before)
        self.assertEqual(first.summary["result_hash"], second.summary["result_hash"])
        self.assertEqual(second.summary["reference_s"], 0)

    def test_another_chip_needs_another_deployment_and_nothing_else(self):
        run_network("aimc16.yaml", "resnet_micro")
        self.ends(run_network("aimc16.yaml", "resnet_micro", "--set", "cluster.cores=4"), 0)
        counts = {kind: len(names) for kind, names in self.entries().items()}
        self.assertEqual(counts, {"calibrated": 1, "deployments": 2, "reference": 1})

    def test_a_damaged_deployment_is_made_again(self):
        run_network("aimc16.yaml", "resnet_micro")
        blob = next((self.cache / "deployments").glob("*/weights.bin"))
        blob.write_bytes(blob.read_bytes()[:100])
        self.ends(run_network("aimc16.yaml", "resnet_micro"), 0)

    def test_without_a_writable_cache_all_still_works(self):
        self.cache.write_text("a file where the folder should be")
        self.ends(run_network("aimc16.yaml", "resnet_micro"), 0)

    def test_a_calibrated_file_of_one_s_own_runs_like_the_model(self):
        by_name = run_network("aimc16.yaml", "resnet_micro")
        folder = model_folder("resnet_micro")
        calibrated = Path(self.scratch.name) / "mine.onnx"
        self.ends(
            ohmic("calibrate", folder / "resnet_micro.onnx", "--images", folder / "calibration", "--out", calibrated), 0
        )
        mine = run_network("aimc16.yaml", "resnet_micro", "--model", calibrated, "--images", folder / "photos")
        self.ends(mine, 0)
        self.assertEqual(mine.summary["result_hash"], by_name.summary["result_hash"])

    def test_a_file_of_one_s_own_is_calibrated_with_the_named_photographs(self):
        by_name = run_network("aimc16.yaml", "resnet_micro")
        folder = model_folder("resnet_micro")
        mine = Path(self.scratch.name) / "mine.onnx"
        mine.write_bytes((folder / "resnet_micro.onnx").read_bytes())
        options = ("--model", mine, "--images", folder / "photos", "--calibration", folder / "calibration")
        run = run_network("aimc16.yaml", "resnet_micro", *options)
        self.ends(run, 0)
        self.assertEqual(run.summary["result_hash"], by_name.summary["result_hash"])

    def test_compile_writes_a_deployment(self):
        model_folder("resnet_tiny")
        out = Path(self.scratch.name) / "deployment"
        self.ends(ohmic("compile", CONFIGS / "resnet_tiny_aimc64.yaml", "--out", out), 0)
        self.assertIn("manifest.json", [path.name for path in out.iterdir()])


if __name__ == "__main__":
    unittest.main()
