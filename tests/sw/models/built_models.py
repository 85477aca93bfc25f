"""The example networks for tests, built on first use and kept in .cache like a user's."""

import functools
import unittest
from pathlib import Path

from ohmic_models import integer_model, packages, photographs
from ohmic_models.build import build
from ohmic_models.calibrate import calibrate
from ohmic_models.integer_model import IntegerModel

CACHE = Path(__file__).resolve().parents[3] / ".cache"
PACKAGES = CACHE / "packages"


def folder(name: str) -> Path:
    out = CACHE / "models" / name
    try:
        build(name, out, PACKAGES)
    except packages.DownloadError as error:
        raise unittest.SkipTest(str(error)) from error
    return out


@functools.cache
def calibrated(name: str) -> IntegerModel:
    out = folder(name)
    model = integer_model.load(out / f"{name}.onnx")
    _, pixels = photographs.read_folder(out / "calibration", model.size)
    calibrate(model, pixels)
    return model
