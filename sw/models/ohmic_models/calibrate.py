"""Adds row sets, ADC scales and requantise constants to an imported model, as CALIBRATED_FORMAT.md defines them."""

from collections.abc import Callable

import numpy as np

from ohmic_models import integer_reference
from ohmic_models.integer_model import IntegerModel, Layer, RowSet
from ohmic_models.integer_reference import fit


def make_row_sets(channels: int, ky: int, kx: int, rows: int) -> list[RowSet]:
    if channels * ky * kx <= rows:
        return [RowSet((0, channels), (0, ky), (0, kx))]
    if channels <= 128 and 64 * kx <= rows:
        return [RowSet(group, (y, y + 1), (0, kx)) for group in _groups(channels, 64) for y in range(ky)]
    if ky * kx > rows:
        raise OverflowError(f"a {ky}x{kx} kernel does not fit {rows} rows")
    return [RowSet(group, (0, ky), (0, kx)) for group in _groups(channels, rows // (ky * kx))]


def _groups(channels: int, size: int) -> list[tuple[int, int]]:
    return [(begin, min(begin + size, channels)) for begin in range(0, channels, size)]


def percentile(histogram: np.ndarray) -> int:
    """The smallest value that at least 99.99 % of the counted ones do not exceed."""
    total = int(histogram.sum())
    return int(np.searchsorted(np.cumsum(histogram), (9999 * total + 9999) // 10000))


def calibrate(
    model: IntegerModel, pixels: np.ndarray, rows: int = 256, progress: Callable[[Layer], None] | None = None
) -> None:
    """Layer by layer over all images; each layer sees what the calibrated layers before it give."""
    model.rows = rows
    values = {model.source: integer_reference.quantise_pixels(model, pixels)}
    for layer in model.layers:
        inputs = [values[name] for name in layer.inputs]
        if layer.op in ("Conv", "Gemm"):
            _calibrate_weights(layer, inputs[0], rows)
        elif layer.op == "Add":
            ratios = [float(scale) / float(layer.output_scale) for scale in layer.input_scales]
            a, b, shift = fit(ratios, 15)
            layer.requantise = {"a": a, "b": b, "s": shift, "relu": layer.relu}
        elif layer.op == "GlobalAveragePool":
            pixels_per_map = inputs[0].shape[1] * inputs[0].shape[2]
            ratio = float(layer.input_scales[0]) / float(layer.output_scale) / pixels_per_map
            m, shift = fit([ratio], 15)
            while 128 * pixels_per_map * m + (1 << (shift - 1)) >= 1 << 31:  # see CALIBRATED_FORMAT.md
                shift -= 1
                m = int(np.rint(ratio * 2.0**shift))
            layer.requantise = {"m": m, "s": shift}
        values[layer.output] = integer_reference.apply(layer, inputs)
        if progress:
            progress(layer)
    model.calibrated = True


def _calibrate_weights(layer: Layer, x: np.ndarray, rows: int) -> None:
    _, ky, kx, channels = layer.weights.shape
    layer.row_sets = make_row_sets(channels, ky, kx, rows)
    histogram = np.zeros(rows * 128 * 128 + 1, np.int64)
    for image in integer_reference.as_maps(x):
        for sums in integer_reference.column_sums(layer, image, layer.row_sets):
            counts = np.bincount(np.abs(sums).astype(np.int32).reshape(-1))
            histogram[: len(counts)] += counts
    top = percentile(histogram)
    m, shift = fit([min(1.0, 127 / top) if top else 1.0], 15)
    layer.adc = {"m": m, "s": shift}
    lsb = 2.0**shift / m
    scale, weight_scales = float(layer.input_scales[0]), layer.weight_scales.astype(np.float64)
    out_scale = 1.0 if layer.output_scale is None else float(layer.output_scale)
    ratios = scale * weight_scales * lsb / out_scale
    shift = fit([float(ratios.max())], 15)[-1]
    bias = np.rint(layer.bias * scale * weight_scales / out_scale * 2.0**shift).astype(np.int64)
    rounding = 0 if layer.output_scale is None else 1 << (shift - 1)
    layer.requantise = {
        "m": np.rint(ratios * 2.0**shift).astype(np.int64),
        "b": bias + rounding,
        "s": shift,
        "relu": layer.relu,
    }
