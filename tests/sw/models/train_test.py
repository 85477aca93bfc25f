"""Training, where Debian's python3-torch is installed (sw/models/train/packages.txt): what it does is reproducible, goes on
where it was stopped, and comes out as ONNX. On pictures made here, that differ in where they are bright."""

import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnxruntime
from ohmic_models import trained

TRAIN = Path(trained.__file__).resolve().parents[1] / "train"
PYTHON = "/usr/bin/python3"
NAME = "fashion_resnet8"

if subprocess.run([PYTHON, "-c", "import torch"], stderr=subprocess.DEVNULL).returncode:
    print("SKIPPED: Debian's python3-torch is not installed; scripts/train installs it")
    sys.exit(77)


def write_pictures(folder: Path, part: str, count: int, seed: int) -> None:
    """IDX files: class k is bright in the k-th of ten rows of blocks, on noise."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, count)
    pictures = random.integers(0, 90, (count, 28, 28))
    for picture, label in zip(pictures, labels):
        picture[2 * label + 4 : 2 * label + 6, 4:24] += 150
    for kind, dimensions, values in (("images-idx3", (count, 28, 28), pictures), ("labels-idx1", (count,), labels)):
        head = bytes((0, 0, 8, len(dimensions))) + np.array(dimensions, ">u4").tobytes()
        (folder / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(head + values.astype(np.uint8).tobytes()))


class Training(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = Path(cls.scratch.name)
        write_pictures(cls.folder, "train", 320, 1)
        write_pictures(cls.folder, "t10k", 100, 2)

    def command(self, out: str, *options: object) -> list[str]:
        words = [PYTHON, "-m", "ohmic_train.train", NAME, "--data", self.folder, "--out", self.folder / out]
        return [str(word) for word in (*words, "--batch", 32, "--epochs", 2, *options)]

    environment = {**os.environ, "PYTHONPATH": str(TRAIN), "PYTHONDONTWRITEBYTECODE": "1"}

    def train(self, out: str, *options: object, code: int = 0) -> tuple[dict, dict, str]:
        run = subprocess.run(self.command(out, *options), env=self.environment, capture_output=True, text=True)
        self.assertEqual(run.returncode, code, run.stderr)
        found = trained.load(self.folder / out) if code == 0 else ({}, {})
        return (*found, run.stderr)

    def same(self, one: dict, other: dict) -> bool:
        return all(np.array_equal(one[key], other[key]) for key in one)

    def test_it_learns_and_depends_on_the_seed_alone(self):
        description, arrays, _ = self.train("a.npz", "--epochs", 4)
        self.assertGreater(description["float_accuracy"], 0.3, "of ten classes")
        self.assertTrue(self.same(arrays, self.train("b.npz", "--epochs", 4)[1]))
        self.assertFalse(self.same(arrays, self.train("c.npz", "--epochs", 4, "--seed", 2)[1]))

    def test_it_goes_on_where_it_was_stopped(self):
        """Stopped by its own clock after each batch, and killed in the midst of one: the same weights come out. Noise,
        too, is the same."""
        whole = self.train("whole.npz", "--noise", "0.05")[1]
        for _ in range(3):
            said = self.train("parts.npz", "--noise", "0.05", "--minutes", "1e-9", code=75)[2]
            self.assertIn("the same command goes on", said)
        process = subprocess.Popen(
            self.command("parts.npz", "--noise", "0.05"), env=self.environment, stderr=subprocess.PIPE, text=True
        )
        for line in process.stderr:
            if "goes on after" in line:
                break
        process.send_signal(signal.SIGTERM)
        process.communicate()
        self.assertIn(process.returncode, (0, 75, -signal.SIGTERM))
        self.assertTrue(self.same(whole, self.train("parts.npz", "--noise", "0.05")[1]))
        said = self.train("parts.npz", "--noise", "0.06", "--minutes", "1e-9", code=75)[2]
        self.assertIn("is of other settings", said)

    def test_the_file_computes_what_was_trained(self):
        """Batch norms are folded, the inputs' gain is taken back: accuracy in onnxruntime is that of the training."""
        description, arrays, _ = self.train("file.npz")
        model = trained.write(description, arrays)
        content = gzip.decompress((self.folder / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
        pictures = np.frombuffer(content, np.uint8).reshape(-1, 1, 28, 28) * np.float32(description["pixels"]["scale"])
        labels = np.frombuffer(gzip.decompress((self.folder / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:], np.uint8)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        (logits,) = session.run(None, {"image": pictures})
        self.assertAlmostEqual((logits.argmax(1) == labels).mean(), description["float_accuracy"], delta=0.0101)

    def test_it_goes_on_from_given_weights(self):
        """Without batch norms; at rate 0 nothing moves, at a small one something does."""
        _, arrays, _ = self.train("first.npz")
        start = ("--start", self.folder / "first.npz", "--epochs", 1, "--smoothing", 0)
        still = self.train("still.npz", *start, "--rate", 0)[1]
        for key, value in arrays.items():
            np.testing.assert_allclose(still[key], value, rtol=1e-6, err_msg=key)
        moving = (*start, "--rate", 0.01)
        description, noisy, said = self.train("noisy.npz", *moving, "--noise", 0.03)
        self.assertFalse(np.allclose(noisy["conv1.w"], arrays["conv1.w"], rtol=1e-3))
        self.assertIn("as it was given", said)
        self.assertEqual(description["noise"], 0.03)
        every_layer = ",".join(name[:-2] for name in arrays if name.endswith(".w"))
        quiet = self.train("quiet.npz", *moving, "--noise", 0.03, "--digital", every_layer)[1]
        self.assertFalse(self.same(noisy, quiet))
        self.assertTrue(self.same(quiet, self.train("plain.npz", *moving)[1]), "layers on cores have no noise")

    def test_noise_is_of_the_weights_and_gradients_pass_it(self):
        """The layer's output differs by noise of that deviation; its gradient is that of the weights that were used."""
        program = (
            "import torch, json\n"
            "from ohmic_train.model import Layer\n"
            "torch.manual_seed(3)\n"
            "layer = Layer({'op': 'gemm', 'channels': 4}, 1000, False)\n"
            "layer.noise = 0.1\n"
            "x = torch.eye(1000)\n"
            "moved = (layer(x) - x @ layer.weight.T).detach()\n"
            "greatest = layer.weight.detach().abs().amax(1)\n"
            "ones = torch.ones(3, 1000)\n"
            "layer(ones).sum().backward()\n"
            "layer.eval()\n"
            "still = (layer(x) - x @ layer.weight.T).abs().max().item()\n"
            "print(json.dumps([(moved.std(0) / greatest).tolist(), layer.weight.grad.unique().tolist(), still]))\n"
        )
        run = subprocess.run([PYTHON, "-c", program], env=self.environment, capture_output=True, text=True)
        deviations, gradients, still = json.loads(run.stdout)
        for deviation in deviations:
            self.assertAlmostEqual(deviation, 0.1, delta=0.01)
        self.assertEqual(gradients, [3.0], "three inputs of 1: straight through")
        self.assertEqual(still, 0, "none outside of training")

    def test_mistakes_are_one_line(self):
        with tempfile.TemporaryDirectory() as empty:
            for options, said in (
                (("--data", empty), "train-images-idx3-ubyte"),
                (("--images", 10), "fewer than a batch"),
                (("--start", self.folder / "none.npz"), "none.npz"),
                (("--digital", "conv1,conv9"), "'conv9'"),
            ):
                with self.subTest(said):
                    message = self.train("bad.npz", *options, code=2)[2]
                    self.assertIn(said, message)
                    self.assertEqual(message.strip().count("\n"), 0, message)
        cut = self.folder / "cut"
        cut.mkdir()
        write_pictures(cut, "train", 64, 1)
        file = cut / "train-images-idx3-ubyte.gz"
        file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes())[:-1]))
        self.assertIn("not a whole IDX file", self.train("bad.npz", "--data", cut, code=2)[2])


if __name__ == "__main__":
    unittest.main()
