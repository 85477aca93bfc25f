"""Accuracy over labelled data: of an experiment's network with its layers where the experiment puts them, and of networks
by name."""

import json
import os
import tempfile
import unittest
from pathlib import Path

import numpy
from ohmic_tool import CONFIGS, SystemTest, model_folder, ohmic

DATA = os.environ.get("OHMIC_DATA", "")


class Evaluate(SystemTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def random_pictures(self, size: int, classes: int) -> Path:
        """Whatever is found in them, all ways of executing a network are asked for the same."""
        random = numpy.random.default_rng(20261130)
        file = self.folder / "pictures.npz"
        pictures = random.integers(0, 256, (40, size, size, 3), numpy.uint8)
        numpy.savez(file, x=pictures, y=random.integers(0, classes, 40))
        return file

    def evaluate(self, what, *options) -> dict:
        report = self.folder / "report.json"
        run = ohmic("evaluate", what, "--quiet", "--json", report, *options)
        self.ends(run, 0)
        return json.loads(report.read_text())

    def test_an_experiments_layers_are_where_it_says(self):
        model_folder("resnet_micro")
        data = self.random_pictures(32, 4)
        experiment = (CONFIGS / "resnet_tiny_aimc64.yaml", "--set", "model=resnet_micro", "--data", data)
        analog = self.evaluate(*experiment)
        self.assertEqual(analog["digital_layers"], [])
        one = self.evaluate(*experiment, "--set", "layers.fc=digital")
        self.assertEqual(one["digital_layers"], ["fc"])
        digital = self.evaluate(*experiment, "--set", "layers.*=digital")
        self.assertIn("conv1", digital["digital_layers"])
        self.assertEqual(digital["int8_adc"], digital["int8"], "no layer has an ADC")

    def test_some_images_are_of_all_classes_however_the_data_are_sorted(self):
        model_folder("resnet_micro")
        random = numpy.random.default_rng(20261131)
        data = self.folder / "sorted.npz"
        numpy.savez(data, x=random.integers(0, 256, (40, 32, 32, 3), numpy.uint8), y=numpy.repeat([0, 1, 2, 3], 10))
        for images, of_each in ((4, 1), (8, 2), (20, 5)):
            report = self.evaluate("resnet_micro", "--data", data, "--images", images)
            self.assertEqual([sum(row) for row in report["confusion"]][:4], [of_each] * 4)
        behind = self.evaluate("resnet_micro", "--data", data, "--images", "4", "--skip", "20")
        self.assertEqual([sum(row) for row in behind["confusion"]][:4], [0, 0, 2, 2])

    def calibrated(self, *options) -> Path:
        source, file = model_folder("resnet_micro"), self.folder / "calibrated.onnx"
        images = ("--images", source / "calibration")
        self.ends(ohmic("calibrate", source / "resnet_micro.onnx", *images, "--quiet", "--out", file, *options), 0)
        return file

    def test_a_calibrated_network_has_the_crossbars_that_it_was_made_for(self):
        data = self.random_pictures(32, 4)
        how = ("--data", data, "--images", "4", "--time", "1h", "--draws", "1")
        of_chip = ("--rows", "300")
        self.assertEqual(
            self.evaluate("resnet_micro", *how, *of_chip)["analog"]["times"],
            self.evaluate(self.calibrated(*of_chip), *how)["analog"]["times"],
        )

    def test_what_no_image_shows_has_no_recall(self):
        model_folder("resnet_micro")
        data = self.folder / "one.npz"
        numpy.savez(data, x=numpy.zeros((2, 32, 32, 3), numpy.uint8), y=numpy.zeros(2, int))
        run = ohmic("evaluate", "resnet_micro", "--data", data)
        self.ends(run, 0)
        self.assertRegex(run.out, r" 2 +(0|100)\.0%")
        self.assertRegex(run.out, r" 0 +- ")

    def test_the_file_of_an_experiment_may_end_in_yml(self):
        model_folder("resnet_micro")
        experiment = self.folder / "experiment.yml"
        experiment.write_text(f"chip: {CONFIGS / 'aimc16.yaml'}\nmodel: resnet_micro\nlayers: {{fc: digital}}\n")
        found = self.evaluate(experiment, "--data", self.random_pictures(32, 4))
        self.assertEqual(found["digital_layers"], ["fc"])

    def test_mistakes_are_one_line(self):
        model_folder("resnet_micro")
        data = self.random_pictures(32, 4)
        calibrated = self.calibrated()
        for options, said in (
            (("resnet_micro", "--set", "layers.fc=digital"), "--set"),
            (
                (CONFIGS / "resnet_tiny_aimc64.yaml", "--set", "layers.conv99=digital", "--set", "model=resnet_micro"),
                "'conv99'",
            ),
            (("resnet99",), "resnet99"),
            ((CONFIGS / "resnet_tiny_aimc64.yaml", "--rows", "128"), "--set ima.rows=N"),
            ((calibrated, "--rows", "32"), "calibrated for crossbars of 256 rows, and these have 32"),
            ((calibrated, "--calibration", data), "is calibrated already"),
            ((calibrated, "--calibration-images", "5"), "is calibrated already"),
            (("resnet_micro", "--calibration", data, "--calibration-images", "1000"), "holds 40 samples"),
            (("resnet_micro", "--time", "1s", "--analog", "{model: ideal}"), "--analog: model: ideal"),
            (("resnet_micro", "--time", "1s", "--analog", "{programmed_s: 5}"), "that of --time"),
        ):
            with self.subTest(said):
                run = ohmic("evaluate", *options, "--data", data)
                self.assertEqual(run.code, 2, run.err)
                self.assertIn(said, run.err)
                self.assertEqual(run.err.strip().count("\n"), 0, run.err)

    def test_a_run_takes_a_published_network_by_name(self):
        """ResNet20, which is float and whose input only its name says. It needs $OHMIC_DATA."""
        experiment = (CONFIGS / "resnet_tiny_aimc64.yaml", "--set", "model=resnet20", "--quiet")
        run = ohmic("run", *experiment, environment={"OHMIC_DATA": ""})
        self.assertEqual(run.code, 2, run.err)
        self.assertIn("OHMIC_DATA", run.err)
        if not DATA:
            self.skipTest("OHMIC_DATA is not set")
        photos = model_folder("resnet_micro") / "photos"
        pictures = (
            "--images",
            photos,
            "--images-count",
            "1",
            "--calibration",
            model_folder("resnet_micro") / "calibration",
        )
        out = self.folder / "out"
        chip = ("--chip", CONFIGS / "aimc512.yaml", "--set", "images.resize=true")
        run = ohmic("run", *experiment, *pictures, *chip, "--out", out)
        self.ends(run, 0)
        summary = json.loads((out / "summary.json").read_text())
        self.assertEqual(summary["golden"]["mismatching_values"], 0)


if __name__ == "__main__":
    unittest.main()
