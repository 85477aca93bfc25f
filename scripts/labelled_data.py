"""Labelled data that networks are judged and calibrated with, wherever they lie on this machine."""

import os
import random
import subprocess
from pathlib import Path

from ohmic_models import places, whole_file

ROOT = Path(__file__).resolve().parent.parent


class MissingData(Exception):
    """What a network needs is not on this machine."""


def cifar10(folder: Path) -> tuple[Path, Path]:
    """The usual binary files, from $OHMIC_DATA or unpacked from what lies there: test data, and 512 training pictures,
    drawn from all five files, which may be sorted by class."""
    there = folder / "cifar10"
    unpack = there / "unpack.py"
    if not (there / "test_batch.bin").is_file() and unpack.is_file():
        there = ROOT / ".cache" / "cifar10"
        if not (there / "batches.meta.txt").is_file():  # written last
            subprocess.run([ROOT / "sw" / "models" / "python", unpack, there], check=True, stdout=subprocess.DEVNULL)
    calibration = ROOT / ".cache" / "cifar10_calibration.bin"
    batches = [there / f"data_batch_{i}.bin" for i in range(1, 6)]
    if all(batch.is_file() for batch in batches):
        pictures, record = b"".join(batch.read_bytes() for batch in batches), 3073
        chosen = random.Random(1).sample(range(len(pictures) // record), 512)
        calibration.parent.mkdir(exist_ok=True)
        whole_file.write(calibration, b"".join(pictures[i * record : (i + 1) * record] for i in chosen))
    return there / "test_batch.bin", calibration


def fashion_mnist() -> tuple[Path, Path]:
    """IDX files as Debian's dataset-fashion-mnist installs them; FASHION_MNIST names another folder."""
    folder = Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))
    found = [next(folder.rglob(f"{part}-images-idx3-ubyte*"), folder / part) for part in ("t10k", "train")]
    return found[0], found[1]


def scenes(folder: Path) -> Path:
    """The 48 crops that ResNet-18 runs on, in a folder for each scene; gives those that calibrate it. Builds it first."""
    subprocess.run(
        [ROOT / "sw/models/python", "-m", "ohmic_models", "build", "--model", "resnet18"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    model = places.models() / "resnet18"
    for picture in (model / "photos48").iterdir():
        scene = folder / picture.stem.lstrip("0123456789").lstrip("_")
        scene.mkdir(parents=True, exist_ok=True)
        (scene / picture.name).symlink_to(picture)
    return model / "calibration"


def of_network(name: str, scratch: Path) -> list:
    """Options of `ohmic evaluate` and `ohmic hybrid`: test data, and what calibrates a network that is not calibrated
    yet. `scratch` is for links and outlives what is run with them. Raises MissingData."""
    data = os.environ.get("OHMIC_DATA")
    if name == "resnet18":
        return ["--data", scratch / "scenes", "--calibration", scenes(scratch / "scenes")]
    if name.startswith(("fashion", "fmnist")):
        test, calibration = fashion_mnist()
    elif not data:
        raise MissingData("OHMIC_DATA is not set")
    elif name == "dscnn":
        test = calibration = Path(data) / "kws01_mfcc.npz"
    else:
        test, calibration = cifar10(Path(data))
    if not test.exists():
        raise MissingData(f"there is no {test}")
    options = ["--data", test]
    if not (ROOT / "sw" / "models" / "trained" / f"{name}.json").is_file():  # those are calibrated
        options += ["--calibration", calibration]
    if name == "dscnn":  # one file: the first hundred calibrate
        options += ["--calibration-images", "100", "--skip", "100"]
    return options
