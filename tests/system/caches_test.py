"""Calibrations, deployments and reference outputs are made once, and again when what they come from changes."""

import os
import shutil
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

from ohmic_models.build import up_to_date
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

    def test_an_entry_that_is_damaged_in_any_way_is_made_again(self):
        first = run_network("aimc16.yaml", "resnet_micro", images=1)
        whole = {path: path.read_bytes() for path in self.cache.rglob("*") if path.is_file()}
        self.assertEqual(len(whole), 3)

        def empty(path: Path, data: bytes):
            path.write_bytes(b"")

        def cut(path: Path, data: bytes):
            path.write_bytes(data[: len(data) // 2])

        def extend(path: Path, data: bytes):
            path.write_bytes(data + b"\0")

        def flip(path: Path, data: bytes):
            middle = len(data) // 2
            path.write_bytes(data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :])

        def fold(path: Path, data: bytes):
            path.unlink()
            (path / "full" / "of").mkdir(parents=True)

        for damage in (empty, cut, extend, flip, fold):
            for path, data in whole.items():
                damage(path, data)
            again = run_network("aimc16.yaml", "resnet_micro", images=1)
            self.ends(again, 0)
            self.assertEqual(again.summary["result_hash"], first.summary["result_hash"], damage.__name__)
            self.assertEqual({path: path.read_bytes() for path in whole}, whole, damage.__name__)

    def test_two_processes_fill_one_cache(self):
        with ThreadPoolExecutor() as pool:
            runs = list(pool.map(lambda _: run_network("aimc16.yaml", "resnet_micro", images=1), range(3)))
        for run in runs:
            self.ends(run, 0)
            self.assertEqual(run.summary["result_hash"], runs[0].summary["result_hash"])
        self.assertEqual({len(names) for names in self.entries().values()}, {1})

    def test_a_damaged_model_is_refused_and_built_again(self):
        models = Path(self.scratch.name) / "models"
        shutil.copytree(model_folder("resnet_micro"), models / "resnet_micro")
        with mock.patch.dict(os.environ, {"OHMIC_MODELS": str(models)}):
            self.ends(run_network("aimc16.yaml", "resnet_micro", images=1), 0)
            for name in ("resnet_micro.onnx", "photos/03_brick.png", "float_logits.json"):
                path = models / "resnet_micro" / name
                data = path.read_bytes()
                path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
                self.refuses(run_network("aimc16.yaml", "resnet_micro"), name, "is damaged", "ohmic_models build")
                self.assertFalse(up_to_date("resnet_micro", models / "resnet_micro"))
                path.write_bytes(data)
                self.assertTrue(up_to_date("resnet_micro", models / "resnet_micro"))

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
