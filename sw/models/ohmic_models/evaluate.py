"""The figures of a calibrated model on its photographs: cost, scenes found, cosine to the float network."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ohmic_models import integer_reference, photographs
from ohmic_models.integer_model import Layer, load


@dataclass(frozen=True)
class Figures:
    images: list[str]
    logits: np.ndarray  # int32 [n, classes]
    cosines: np.ndarray
    found: list[str]
    crossbars: int
    mvms: int

    @property
    def right(self) -> int:
        return sum(name.endswith(f"_{scene}.png") for name, scene in zip(self.images, self.found))


def evaluate(model_path: Path, images: Path, float_logits: Path, dump: Path | None = None) -> Figures:
    """With `dump`, each layer's values go to dump/LAYER.bin: int8 [image, height, width, channel], logits int32."""
    model = load(model_path)
    if not model.calibrated:
        raise ValueError(f"{model_path} is not calibrated")
    names, pixels = photographs.read_folder(images, model.size)
    if dump:
        dump.mkdir(parents=True, exist_ok=True)

    def observe(layer: Layer, y: np.ndarray) -> None:
        if dump:
            (dump / f"{layer.name}.bin").write_bytes(np.ascontiguousarray(y).tobytes())

    logits = integer_reference.run(model, pixels, observe)
    expected = json.loads(float_logits.read_text())
    reals = np.array([expected[name] for name in names])
    real = integer_reference.real_logits(model, logits)
    cosines = (real * reals).sum(axis=1) / np.linalg.norm(real, axis=1) / np.linalg.norm(reals, axis=1)
    found = [model.labels[row] if row < len(model.labels) else f"class {row}" for row in logits.argmax(axis=1)]
    cost = integer_reference.cost(model)
    return Figures(names, logits, cosines, found, cost.crossbars, cost.mvms)


def report(figures: Figures) -> str:
    lines = [f"{'image':<28} {'found':<20} {'cosine':>8}"]
    for name, scene, cosine in zip(figures.images, figures.found, figures.cosines):
        lines.append(f"{name:<28} {scene:<20} {cosine:8.4f}")
    lines.append(
        f"{figures.right} of {len(figures.images)} scenes, mean cosine {figures.cosines.mean():.4f}, "
        f"worst {figures.cosines.min():.4f}"
    )
    lines.append(f"{figures.crossbars} crossbars, {figures.mvms} MVM per image")
    return "\n".join(lines)
