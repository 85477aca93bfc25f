"""LionHeart's study: its tables follow from the runs, what is finished is not run again, mistakes are one line."""

import csv
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy
from ohmic_tool import CONFIGS, ROOT, SystemTest, model_folder, ohmic

try:
    import matplotlib  # noqa: F401
except ImportError:
    print("SKIPPED: matplotlib is missing (scripts/setup installs it)")
    sys.exit(77)

sys.path.insert(0, str(ROOT / "scripts"))
import labelled_data  # noqa: E402
from lionheart_study import __main__ as study  # noqa: E402
from lionheart_study import plan, runs  # noqa: E402

MICRO = plan.Network("resnet_micro", 8, 2, 8, 2, ("ohmic", "lionheart"))


def rows(path: Path) -> list[dict]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


class Lionheart(SystemTest):
    def test_tables_follow_from_the_runs_which_are_kept(self):
        model_folder("resnet_micro")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        out = Path(folder.name)
        random = numpy.random.default_rng(20261130)
        data = out / "pictures.npz"
        numpy.savez(data, x=random.integers(0, 256, (16, 32, 32, 3), numpy.uint8), y=numpy.arange(16) % 4)
        with mock.patch("labelled_data.of_network", lambda *_: ["--data", data]):
            runner = runs.Runner(out / "runs", CONFIGS / "aimc16.yaml", False)
            found = runner.study(MICRO)
            self.assertEqual(runner.kept, 0)
            written = study.results([found], out)
            again = runs.Runner(out / "runs", CONFIGS / "aimc16.yaml", False)
            again.study(MICRO)
            self.assertEqual(again.kept, 2 + len(found["over_time"]), "all of them")
            (out / "runs" / "resnet_micro" / "all_analog.done").unlink()
            once_more = runs.Runner(out / "runs", CONFIGS / "aimc16.yaml", False)
            once_more.study(MICRO)
            self.assertEqual(once_more.kept, again.kept - 1)

        report = json.loads((out / "runs" / "resnet_micro" / "hybrid.json").read_text())
        cores = next(row["simulated"] for row in report["rows"] if row["method"] == "all on cores")
        gains = rows(out / "gains.csv")
        self.assertEqual(len(gains), 2 * len(plan.THRESHOLDS) + 2)
        for row, run in zip(gains, report["rows"], strict=True):
            self.assertEqual(row["method"], run["method"])
            self.assertAlmostEqual(float(row["time_over"]) * run["simulated"]["cycles"], cores["cycles"], 3)
            self.assertAlmostEqual(float(row["energy_over"]) * float(row["energy_mj"]) / 1e3, cores["energy_j"], 9)
        for row in rows(out / "methods.csv"):
            pair = [g for g in gains if g["threshold_points"] == row["threshold_points"]]
            cycles = {g["method"]: float(g["cycles"]) for g in pair}
            self.assertAlmostEqual(float(row["time_over_ours"]), cycles["lionheart"] / cycles["ohmic"], 9)
        accuracy = rows(out / "accuracy.csv")
        self.assertEqual([r["time"] for r in accuracy if r["what"] == "all_analog"], ["1 s", "1 h", "1 d", "1 y"])
        for path in written:
            self.assertGreater(path.stat().st_size, 0, path)

    def test_networks_of_ours_are_evaluated_as_they_are(self):
        """They are calibrated: `ohmic evaluate` refuses to do that again."""
        tried = 0
        for file in sorted((ROOT / "sw" / "models" / "trained").glob("*.onnx")):
            try:
                options = labelled_data.of_network(file.stem, Path("unused"))
            except labelled_data.MissingData:
                continue
            run = ohmic("evaluate", file.stem, *options, "--images", 4, "--quiet")
            self.ends(run, 0)
            tried += 1
        if tried == 0:
            self.skipTest("neither CIFAR-10 nor Fashion-MNIST is here")

    def test_mistakes_are_one_line(self):
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "scripts"), os.environ.get("PYTHONPATH", "")]),
        }
        for options, said in (
            (("--networks", "resnet99"), "'resnet99'"),
            (("--quick", "--networks", "vgg_wide"), "vgg_wide"),
            (("--quick", "--chip", "none.yaml"), "none.yaml"),
        ):
            run = subprocess.run(
                [sys.executable, "-m", "lionheart_study", *options],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual(run.returncode, 2)
            self.assertIn(said, run.stderr)
            self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)


if __name__ == "__main__":
    unittest.main()
