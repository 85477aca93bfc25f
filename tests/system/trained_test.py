"""The project's own networks: small files that say how good they are, run on chips bit for bit, and are as good on all of
Fashion-MNIST as they say, where Debian's dataset-fashion-mnist is installed."""

import gzip
import json
import sys
import tempfile
import unittest
from pathlib import Path

import numpy
from ohmic_models import trained
from ohmic_tool import CONFIGS, ROOT, SystemTest, ohmic
from PIL import Image

sys.path.insert(0, str(ROOT / "sw" / "models" / "train"))
sys.path.insert(1, str(ROOT / "tests" / "sw" / "models"))
from network_files_test import description_of, random_weights  # noqa: E402
from ohmic_train import networks  # noqa: E402

TRAINED = ROOT / "sw" / "models" / "trained"
FASHION = Path("/usr/share/datasets/fashion-mnist")
# What each has to reach in float; int8 with ADCs loses half a point at most.
LEAST = {
    "fashion_resnet8": 0.91,
    "cifar_resnet8": 0.85,
    "cifar_resnet20": 0.89,
    "vgg_small": 0.87,
    "vgg_small_noise": 0.87,
    "vgg_wide": 0.89,
    "alexnet_small": 0.82,
}
NAMES = sorted(name for name in LEAST if (TRAINED / f"{name}.json").is_file())


class Trained(SystemTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def said(self, name: str) -> dict:
        return json.loads((TRAINED / f"{name}.json").read_text())

    def test_each_is_listed_with_its_accuracy_and_found_by_name(self):
        self.assertEqual(NAMES, sorted(file.name.split(".")[0] for file in TRAINED.glob("*.onnx*")))
        self.assertIn("fashion_resnet8", NAMES)
        listed = ohmic("models", "list")
        self.ends(listed, 0)
        for name in NAMES:
            (file,) = TRAINED.glob(f"{name}.onnx*")
            self.assertEqual(ohmic("models", "get", name).out.strip(), str(file))
            self.assertLessEqual(file.stat().st_size, 2_000_000)
            line = next(line for line in listed.out.splitlines() if line.startswith(f"{name} "))
            share = self.said(name)["accuracy"]
            self.assertIn(f"{100 * share['int8']:.2f} % (float {100 * share['float']:.2f} %", line)
            self.assertEqual(self.said(name)["images"], 10_000, name)
            self.assertGreaterEqual(share["float"], LEAST[name], name)
            self.assertLessEqual(share["float"] - share["int8_adc"], 0.005, name)

    def model(self, name: str, pictures: Path) -> str:
        """By name, or with random weights where it is not trained yet."""
        if name in NAMES:
            return name
        description = description_of(name)
        floating, model = self.folder / f"{name}.float.onnx", self.folder / f"{name}.onnx"
        weights = random_weights(description["nodes"], description["shape"], 20261130)
        floating.write_bytes(trained.write(description, weights).SerializeToString())
        self.ends(ohmic("calibrate", floating, "--images", pictures, "--out", model, "--quiet"), 0)
        return str(model)

    def test_chips_compute_what_the_reference_does(self):
        """Two pictures of noise through each network: on crossbars, on cores alone, with the first layer on cores, and on
        noisy crossbars whose drift is compensated (64 pictures each: scripts/bench analog_bits)."""
        noise = ("model=pcm", "programmed_s=86400", "read_noise=per_mvm", "compensation=global")
        random = numpy.random.default_rng(20261130)
        for name, recipe in networks.RECIPES.items():
            channels, height, width = networks.DATA[recipe.data].shape
            pictures = self.folder / name
            pictures.mkdir()
            for index in range(2):
                picture = random.integers(0, 256, (height, width, channels)[: 3 if channels > 1 else 2], numpy.uint8)
                Image.fromarray(picture).save(pictures / f"{index}.png")
            experiment = self.folder / f"{name}.yaml"
            chip, model = CONFIGS / "aimc64.yaml", self.model(name, pictures)
            experiment.write_text(f"chip: {chip}\nmodel: {model}\nimages: {{dir: {pictures}, count: 2}}\n")
            mvms, hashes = [], []
            for keys in (
                (),
                ("layers.*=digital",),
                (f"layers.{recipe.nodes[1]['name']}=digital",),
                [f"analog.{key}" for key in noise],
            ):
                with self.subTest(name, keys=keys):
                    out = self.folder / "out"
                    options = [word for key in keys for word in ("--set", key)]
                    self.ends(ohmic("run", experiment, "--quiet", "--out", out, *options), 0)
                    summary = json.loads((out / "summary.json").read_text())
                    self.assertEqual(summary["golden"]["mismatching_values"], 0)
                    self.assertEqual(summary["golden"]["compared_values"], 2 * 10)
                    mvms.append(summary["mvm_count"])
                    hashes.append(summary["result_hash"])
            self.assertTrue(0 == mvms[1] < mvms[2] < mvms[0] < mvms[3], f"{name}: {mvms} MVMs")
            self.assertNotEqual(hashes[3], hashes[0], f"{name}: noise changes logits")

    def test_a_network_may_be_packed_by_gzip(self):
        Image.fromarray(numpy.full((32, 32, 3), 77, numpy.uint8)).save(self.folder / "0.png")
        plain = TRAINED / "cifar_resnet8.onnx"
        packed, cut = self.folder / "packed.onnx.gz", self.folder / "cut.onnx.gz"
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        cut.write_bytes(packed.read_bytes()[:-5])
        hashes = []
        for model in (plain, packed):
            experiment = self.folder / "experiment.yaml"
            chip = CONFIGS / "aimc64.yaml"
            experiment.write_text(f"chip: {chip}\nmodel: {model}\nimages: {{dir: {self.folder}, count: 1}}\n")
            out = self.folder / "out"
            self.ends(ohmic("run", experiment, "--quiet", "--out", out), 0)
            hashes.append(json.loads((out / "summary.json").read_text())["result_hash"])
        self.assertEqual(*hashes)
        run = ohmic("run", experiment, "--model", cut, "--quiet", "--out", self.folder / "out")
        self.ends(run, 2)
        self.assertIn(f"{cut}: is damaged or cut off", run.err)

    def test_fashion_mnist_is_recognised_as_well_as_is_said(self):
        if not FASHION.is_dir():
            self.skipTest("Debian's dataset-fashion-mnist is not installed")
        report = self.folder / "report.json"
        self.ends(ohmic("evaluate", "fashion_resnet8", "--data", FASHION, "--quiet", "--json", report), 0)
        found, share = json.loads(report.read_text()), self.said("fashion_resnet8")["accuracy"]
        self.assertEqual(found["images"], 10_000)
        for key in ("int8", "int8_adc"):
            self.assertEqual(found[key]["accuracy"], share[key])


if __name__ == "__main__":
    unittest.main()
