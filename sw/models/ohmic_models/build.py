"""Builds one example network with everything a run of it needs: model, photographs, calibration crops, float logits."""

import fcntl
import hashlib
import json
import os
import shutil
import time
import zlib
from pathlib import Path

import numpy as np
import onnx

from ohmic_models import exact, photographs
from ohmic_models.float_network import FloatNetwork, to_input
from ohmic_models.photographs import SCENES
from ohmic_models.quantise import activation_scales, build_onnx
from ohmic_models.topology import TOPOLOGIES, Topology

_CALIBRATION_CROPS = 2  # a scene
_STEADY_ROUNDS = 3  # 48 images: the run's crops and two rounds of others
_SECONDS_BETWEEN_LINES = 5
_STAMP = ".built_from"


_MADE_BY = (
    "build.py",
    "exact.py",
    "float_network.py",
    "packages.py",
    "photographs.py",
    "quantise.py",
    "topology.py",
    "../requirements.txt",
    "../photographs.txt",
)


def fingerprint(name: str) -> str:
    """Changes with everything the built files depend on; the packages are pinned by hash."""
    digest = hashlib.sha256(name.encode())
    for file in _MADE_BY:
        digest.update((Path(__file__).resolve().parent / file).read_bytes())
    return digest.hexdigest()


def stamp(name: str, out: Path) -> str:
    """What the folder was built from, and of each of its files CRC-32, size and name: `ohmic` checks them too
    (platform/experiment/locations.h)."""
    lines = [fingerprint(name)]
    for path in sorted(path for path in out.rglob("*") if path.is_file() and path.name != _STAMP):
        data = path.read_bytes()
        lines.append(f"{zlib.crc32(data):08x} {len(data)} {path.relative_to(out).as_posix()}")
    return "\n".join(lines) + "\n"


def up_to_date(name: str, out: Path) -> bool:
    """Nothing is missing, changed or too much: a disk may have been full, a cable loose."""
    try:
        return (out / _STAMP).read_bytes() == stamp(name, out).encode()
    except OSError:
        return False


class _Progress:
    def __init__(self, name: str):
        self.name, self.start = name, time.monotonic()

    def __call__(self, text: str) -> None:
        print(f"[{time.monotonic() - self.start:6.1f} s] {self.name}: {text}", flush=True)


class _Crops:
    """All images of one build. Each use has its own random stream, so that one more crop here moves none there."""

    def __init__(self, topology: Topology, cache: Path):
        self.topology = topology
        self.files = photographs.read_originals(cache)
        self.scenes = [photographs.decode(data) for data in self.files.values()]
        if topology.shorter_side:
            self.scenes = [photographs.shrink(scene, topology.shorter_side) for scene in self.scenes]
            self.files = {name: photographs.encode_png(p) for name, p in zip(self.files, self.scenes)}

    def run(self) -> np.ndarray:
        return np.stack([photographs.centre_crop(scene, (self.topology.size,) * 2) for scene in self.scenes])

    def others(self, stream: int, rounds: int, flip: bool = True) -> np.ndarray:
        """Crops in rounds over all scenes, never near the run's."""
        rng = np.random.default_rng([self.topology.seed, stream])
        size, away = self.topology.size, self.topology.away
        return np.stack(
            [photographs.random_crop(scene, size, away, rng, flip) for _ in range(rounds) for scene in self.scenes]
        )


def build(name: str, out: Path, cache: Path, force: bool = False, own: bool = False) -> bool:
    """Writes the folder `out`, whole or not at all. False: it was up to date. Two builds at once wait for each other.
    An existing folder is replaced if it came from here, or if it is the cache's `own` and can be nothing else."""
    out = Path(os.path.realpath(out))  # a link to it stays
    if out.exists() and not own and not (out / _STAMP).is_file():
        raise ValueError(f"{out} exists and is not a model's folder; it is left alone")
    out.parent.mkdir(parents=True, exist_ok=True)
    with open(out.with_name(out.name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if up_to_date(name, out) and not force:
            return False
        _build(name, out, cache)
    return True


def _build(name: str, out: Path, cache: Path) -> None:
    say = _Progress(name)
    topology = TOPOLOGIES[name]()
    photographs.fetch_packages(cache)
    crops = _Crops(topology, cache)
    run, calibration = crops.run(), crops.others(1, _CALIBRATION_CROPS)
    steady = np.concatenate([run, crops.others(2, _STEADY_ROUNDS - 1, flip=False)])
    say(f"{len(SCENES)} photographs read")

    network = FloatNetwork(topology)
    network.initialise(calibration)
    say("weights made, batch norm calibrated")
    head_crops = crops.others(3, topology.head_crops)
    features = np.stack(exact.for_each(_Features(network, len(head_crops), say), head_crops))
    network.train_head(features, np.arange(len(head_crops)) % len(SCENES), len(SCENES))
    scales = activation_scales(network, calibration)
    say("head trained, activation scales chosen")
    model = build_onnx(network, scales, SCENES)
    logits = np.stack(exact.for_each(lambda image: network.forward(to_input(image[None]))[0], steady))
    found = logits[: len(SCENES)].argmax(axis=1) == np.arange(len(SCENES))
    say(f"float network finds {int(found.sum())} of {len(SCENES)} scenes")

    partial = out.with_name(out.name + ".partial")
    _remove(partial)
    partial.mkdir(parents=True)
    onnx.save(model, partial / f"{name}.onnx")
    _write_images(partial / "photos", crops.files.items())
    numbered = [(SCENES[i % len(SCENES)], image) for i, image in enumerate(steady)]
    _write_images(partial / "photos48", [(scene, photographs.encode_png(image)) for scene, image in numbered])
    numbered = [(SCENES[i % len(SCENES)], image) for i, image in enumerate(calibration)]
    _write_images(partial / "calibration", [(scene, photographs.encode_png(image)) for scene, image in numbered])
    (partial / "labels.json").write_text(json.dumps(SCENES, indent=1) + "\n")
    # photos48 holds the run's crops first, so its logits serve both folders.
    names = sorted(path.name for path in (partial / "photos48").iterdir())
    table = {name: [round(float(value), 6) for value in row] for name, row in zip(names, logits)}
    (partial / "float_logits.json").write_text(json.dumps(table) + "\n")
    (partial / _STAMP).write_text(stamp(name, partial))
    _remove(out)
    partial.rename(out)
    say(f"written to {out}")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


class _Features:
    """The features of crops, computed by several threads; says how far it is."""

    def __init__(self, network: FloatNetwork, count: int, say: _Progress):
        self.network, self.count, self.say = network, count, say
        self.done, self.told = 0, time.monotonic()

    def __call__(self, image: np.ndarray) -> np.ndarray:
        features = self.network.features(image[None])[0]
        self.done += 1
        if time.monotonic() - self.told > _SECONDS_BETWEEN_LINES:
            self.told = time.monotonic()
            self.say(f"features of {self.done} of {self.count} crops")
        return features


def _write_images(folder: Path, images) -> None:
    """Numbered, so that the order of names is the order of scenes."""
    folder.mkdir()
    for index, (name, data) in enumerate(images):
        (folder / f"{index:02}_{name}.png").write_bytes(data)
