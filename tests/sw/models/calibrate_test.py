"""`ohmic calibrate` against the numpy calibration: every integer equal. And the metadata survives a round trip."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import built_models
import numpy as np
import onnx
from ohmic_models import integer_model, integer_reference, photographs
from ohmic_models.calibrate import percentile


def calibration(path: Path) -> dict:
    return json.loads({entry.key: entry.value for entry in onnx.load(path).metadata_props}["ohmic.calibration"])


class Metadata(unittest.TestCase):
    def test_a_saved_model_gives_the_same_logits(self):
        model, out = built_models.calibrated("resnet_micro"), built_models.folder("resnet_micro")
        _, pixels = photographs.read_folder(out / "photos", model.size)
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "calibrated.onnx"
            integer_model.save_calibrated(out / "resnet_micro.onnx", path, model, 32)
            loaded = integer_model.load(path)
        np.testing.assert_array_equal(integer_reference.run(loaded, pixels), integer_reference.run(model, pixels))

    def test_few_sums_of_a_layer_leave_the_code_range(self):
        model, out = built_models.calibrated("resnet_tiny"), built_models.folder("resnet_tiny")
        _, pixels = photographs.read_folder(out / "calibration", model.size)
        layer = model.layers[0]
        image = integer_reference.quantise_pixels(model, pixels)
        histogram = np.zeros(256 * 128 * 128 + 1, np.int64)
        for x in image:
            for sums in integer_reference.column_sums(layer, x, layer.row_sets):
                np.add.at(histogram, np.abs(sums).astype(int).reshape(-1), 1)
        step = 2.0 ** layer.adc["s"] / layer.adc["m"]
        self.assertAlmostEqual(percentile(histogram) / step, 127, delta=0.01)


class AgainstTheTool(unittest.TestCase):
    def setUp(self):
        self.tool = os.environ.get("OHMIC_EXECUTABLE", "")
        if not os.access(self.tool, os.X_OK):
            self.skipTest("the ohmic executable is not built")

    def compare(self, name: str) -> None:
        model, out = built_models.calibrated(name), built_models.folder(name)
        with tempfile.TemporaryDirectory() as scratch:
            ours, theirs = Path(scratch) / "numpy.onnx", Path(scratch) / "tool.onnx"
            integer_model.save_calibrated(out / f"{name}.onnx", ours, model, 32)
            subprocess.run(
                [self.tool, "calibrate", out / f"{name}.onnx", "--images", out / "calibration", "--out", theirs],
                check=True,
            )
            expected, found = calibration(ours), calibration(theirs)
        self.assertEqual(expected.keys(), found.keys())
        for kind in ("conv", "add", "pool"):
            self.assertEqual(expected[kind].keys(), found[kind].keys())
            for layer in expected[kind]:
                self.assertEqual(expected[kind][layer], found[kind][layer], f"{name}: {layer}")

    def test_resnet_micro(self):
        self.compare("resnet_micro")

    def test_resnet_tiny(self):
        self.compare("resnet_tiny")


if __name__ == "__main__":
    unittest.main()
