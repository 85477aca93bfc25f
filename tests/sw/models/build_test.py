"""What a build promises: the same bytes again, calibration that never saw the run's images, and scenes that are found."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import built_models
import numpy as np
from ohmic_models import integer_model, integer_reference, photographs
from ohmic_models.build import build
from ohmic_models.photographs import SCENES


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


class Build(unittest.TestCase):
    def test_a_second_build_gives_the_same_bytes(self):
        first = built_models.folder("resnet_micro")
        with tempfile.TemporaryDirectory() as scratch:
            second = Path(scratch) / "resnet_micro"
            self.assertTrue(build("resnet_micro", second, built_models.PACKAGES))
            self.assertEqual(digests(first), digests(second))
            self.assertFalse(build("resnet_micro", second, built_models.PACKAGES), "it was up to date")

    def test_a_damaged_folder_is_built_again(self):
        whole = digests(built_models.folder("resnet_micro"))
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "resnet_micro"
            shutil.copytree(built_models.folder("resnet_micro"), out)
            self.assertFalse(build("resnet_micro", out, built_models.PACKAGES))
            (out / "resnet_micro.onnx").write_bytes(b"")
            (out / "labels.json").unlink()
            self.assertTrue(build("resnet_micro", out, built_models.PACKAGES))
            self.assertEqual(digests(out), whole)
            shutil.rmtree(out)
            out.write_text("a file where the cache's folder should be")
            self.assertTrue(build("resnet_micro", out, built_models.PACKAGES, own=True))
            self.assertEqual(digests(out), whole)

    def test_it_builds_where_ohmic_looks(self):
        with tempfile.TemporaryDirectory() as scratch:
            command = [sys.executable, "-m", "ohmic_models", "build", "--model", "resnet_micro"]
            environment = {**os.environ, "OHMIC_MODELS": scratch}
            out = Path(scratch) / "resnet_micro"
            shutil.copytree(built_models.folder("resnet_micro"), out)
            found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            self.assertEqual(found.stdout, f"{out} is up to date\n")
            (out / ".built_from").unlink()  # somebody else's
            refused = subprocess.run(command, env=environment, capture_output=True, text=True)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("left alone", refused.stderr)

    def test_other_processors_and_threads_give_the_same_bytes(self):
        """OpenBLAS and numpy take other kernels, with other orders of summation, and JPEG another decoder."""
        settings = [
            {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1"},
            {
                "OPENBLAS_CORETYPE": "Nehalem",
                "OPENBLAS_NUM_THREADS": "2",
                "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
                "JSIMD_FORCENONE": "1",
            },
        ]
        first = digests(built_models.folder("resnet_micro"))
        with tempfile.TemporaryDirectory() as scratch:
            for number, setting in enumerate(settings):
                out = Path(scratch) / str(number) / "resnet_micro"
                command = [sys.executable, "-m", "ohmic_models", "build", "--model", "resnet_micro"]
                command += ["--out", str(out), "--cache", str(built_models.PACKAGES)]
                subprocess.run(command, check=True, env={**os.environ, **setting}, stdout=subprocess.DEVNULL)
                self.assertEqual(first, digests(out), setting)

    def test_a_folder_that_is_no_model_is_left_alone(self):
        with tempfile.TemporaryDirectory() as scratch:
            (Path(scratch) / "letter.txt").write_text("mine")
            with self.assertRaises(ValueError):
                build("resnet_micro", Path(scratch), built_models.PACKAGES)
            self.assertEqual([path.name for path in Path(scratch).iterdir()], ["letter.txt"])

    def test_calibration_never_shows_an_image_of_a_run(self):
        out = built_models.folder("resnet_tiny")
        _, run = photographs.read_folder(out / "photos", (64, 64))
        _, calibration = photographs.read_folder(out / "calibration", (64, 64))
        self.assertEqual((len(run), len(calibration)), (16, 32))
        images = {image.tobytes() for image in run} | {image[:, ::-1].tobytes() for image in run}
        self.assertFalse(images & {image.tobytes() for image in calibration})

    def test_the_steady_images_begin_with_those_of_the_run(self):
        out = built_models.folder("resnet_tiny")
        names, run = photographs.read_folder(out / "photos", (64, 64))
        steady_names, steady = photographs.read_folder(out / "photos48", (64, 64))
        self.assertEqual(names, [f"{i:02}_{scene}.png" for i, scene in enumerate(SCENES)])
        self.assertEqual(names, steady_names[:16])
        np.testing.assert_array_equal(run, steady[:16])
        self.assertEqual(len({image.tobytes() for image in steady}), 48)

    def test_metadata_carries_labels_and_input(self):
        model = integer_model.load(built_models.folder("resnet_tiny") / "resnet_tiny.onnx")
        self.assertEqual(model.labels, SCENES)
        self.assertEqual(model.size, (64, 64))
        every = np.arange(256, dtype=np.uint8)[None, :, None, None].repeat(3, axis=3)
        expected = np.arange(-128, 128)[None, :, None, None].repeat(3, axis=3)
        np.testing.assert_array_equal(integer_reference.quantise_pixels(model, every), expected)


class Networks(unittest.TestCase):
    def judge(self, name: str, crossbars: int) -> None:
        out, model = built_models.folder(name), built_models.calibrated(name)
        names, pixels = photographs.read_folder(out / "photos", model.size)
        logits = integer_reference.run(model, pixels)
        self.assertEqual(logits.argmax(axis=1).tolist(), list(range(16)), "every photograph's scene is found")
        table = json.loads((out / "float_logits.json").read_text())
        expected = np.array([table[image] for image in names])
        real = integer_reference.real_logits(model, logits)
        cosine = (real * expected).sum(1) / np.linalg.norm(real, axis=1) / np.linalg.norm(expected, axis=1)
        self.assertGreater(cosine.mean(), 0.99)
        self.assertEqual(integer_reference.cost(model).crossbars, crossbars)

    def test_resnet_tiny(self):
        self.judge("resnet_tiny", 32)

    def test_resnet_mini(self):
        self.judge("resnet_mini", 7)

    def test_resnet_micro(self):
        self.judge("resnet_micro", 3)


if __name__ == "__main__":
    unittest.main()
