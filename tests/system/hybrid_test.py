"""Choosing layers of a network, from outside: what is found is simulated, equals the integer reference, and runs as an
experiment's network; mistakes are one line."""

import json
import tempfile
import unittest
from pathlib import Path

import numpy
from ohmic_tool import CONFIGS, SystemTest, model_folder, ohmic

EXPERIMENT = (CONFIGS / "resnet_tiny_aimc64.yaml", "--set", "model=resnet_micro")


class Hybrid(SystemTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        model_folder("resnet_micro")
        random = numpy.random.default_rng(20261130)
        self.data = self.folder / "pictures.npz"
        pictures = random.integers(0, 256, (16, 32, 32, 3), numpy.uint8)
        numpy.savez(self.data, x=pictures, y=random.integers(0, 4, 16))

    def hybrid(self, *options):
        few = {"--data": self.data, "--images": "8", "--draws": "2", "--fresh-draws": "2", "--time": "1h"}
        defaults = [word for option, value in few.items() if option not in options for word in (option, value)]
        return ohmic("hybrid", *EXPERIMENT, *defaults, *options)

    def test_what_is_found_is_simulated_and_runs(self):
        report, out = self.folder / "report.json", self.folder / "out"
        methods = ("--method", "first_last,lionheart", "--threshold", "100%")
        run = self.hybrid(*methods, "--json", report, "--out", out, "--energy", CONFIGS / "energy" / "silicon.yaml")
        self.ends(run, 0)
        found = json.loads(report.read_text())
        rows = {row["method"]: row for row in found["rows"]}
        self.assertEqual(list(rows), ["first_last", "lionheart", "all on cores", "all on crossbars"])
        self.assertEqual(set(rows["lionheart"]["layers"].values()), {"analog"}, "everything is within 100 points")
        for layer in (found["layers"][0], found["layers"][-1]):
            self.assertEqual(rows["first_last"]["layers"][layer["name"]], "digital")
        self.assertEqual(rows["first_last"]["layers_on_crossbars"], len(found["layers"]) - 2)
        for row in rows.values():
            # Simulations whose logits differ from the integer reference have an error instead.
            self.assertGreater(row["simulated"]["cycles"], 0, row)
            self.assertGreater(row["simulated"]["energy_j"], 0, row)
            # By the other reading each MVM takes what a full crossbar's takes; without any they are equal.
            analog = row["layers_on_crossbars"] > 0
            more = row["simulated"]["energy_other_reading_j"] - row["simulated"]["energy_j"]
            self.assertTrue(more > 0 if analog else abs(more) < 1e-12, row)
            self.assertLess(abs(row["simulated"]["cycles"] / row["expected_cycles"] - 1), 0.5, row)
        self.assertEqual(rows["lionheart"]["simulated"], rows["all on crossbars"]["simulated"])
        self.assertIn("first_last", run.out)
        self.assertIn("first_last    100 % .#.", run.out, "the strip of layers")
        self.assertIn("; 1 h after programming", run.out)

        photos = model_folder("resnet_micro") / "photos"
        network = ("--model", out / "first_last_100.onnx", "--images", photos, "--images-count", "2")
        again = ohmic("run", *EXPERIMENT, *network, "--check", "layers", "--quiet", "--out", self.folder / "run")
        self.ends(again, 0)
        summary = json.loads((self.folder / "run" / "summary.json").read_text())
        self.assertEqual(summary["golden"]["mismatching_values"], 0)

    def test_mistakes_are_one_line(self):
        for options, said in (
            (("--method", "luck"), "allowed: ohmic, lionheart, sensitivity, second_order, first_last, exhaustive"),
            (("--threshold", "-1%"), "--threshold"),
            (("--threshold", "1%,x"), "--threshold"),
            (("--confidence", "40%"), "50% (the mean loss decides) to 99%"),
            (("--time", "1s,1h"), "one time"),
            (("--images", "17"), "16 samples"),
            (("--set", "layers.*=digital"), "nothing to choose"),
            (("--method", "exhaustive", "--draws", "0"), "--draws"),
            (("--json", self.data), "--data"),
        ):
            with self.subTest(options):
                run = self.hybrid(*options)
                self.assertEqual(run.code, 2, run.err)
                self.assertIn(said, run.err)
                self.assertEqual(run.err.strip().splitlines()[-1].count("ohmic:"), 1, run.err)
        run = ohmic("hybrid", "resnet8", "--data", self.data)
        self.assertEqual(run.code, 2, run.err)
        self.assertIn("resnet8: an experiment (.yaml) is expected", run.err)


if __name__ == "__main__":
    unittest.main()
