"""Executes a calibrated model in integers, from the definitions in CALIBRATED_FORMAT.md. Maps are [n, height, width, c]."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ohmic_models.float_network import windows
from ohmic_models.integer_model import IntegerModel, Layer, RowSet

Observe = Callable[[Layer, np.ndarray], None]


def real_pixels(model: IntegerModel, pixels: np.ndarray) -> np.ndarray:
    """The float32 input of the ONNX file for uint8 RGB images, channels last."""
    p = model.pixels
    channels = pixels[..., ::-1] if p.reverse else pixels
    return ((channels * p.scale + p.offset - np.array(p.mean)) / np.array(p.std)).astype(np.float32)


def quantise_pixels(model: IntegerModel, pixels: np.ndarray) -> np.ndarray:
    return np.rint(real_pixels(model, pixels) / model.input_scale).clip(-128, 127).astype(np.int8)


def column_sums(layer: Layer, x: np.ndarray, row_sets: list[RowSet]) -> Iterator[np.ndarray]:
    """For one image, per row set: the exact sums [out_height, out_width, out] as float64. float32 products are exact,
    because a set of at most 256 rows stays below 2^24; taller ones are summed in float64."""
    top, left, bottom, right = layer.pad
    padded = np.pad(x, ((top, bottom), (left, right), (0, 0)))
    view = np.lib.stride_tricks.sliding_window_view(padded, layer.kernel, axis=(0, 1))
    view = view[:: layer.stride[0], :: layer.stride[1]]  # [out_height, out_width, channels, ky, kx]
    for rows in row_sets:
        channels, ky, kx = slice(*rows.channels), slice(*rows.ky), slice(*rows.kx)
        patches = view[:, :, channels, ky, kx]
        height, width = patches.shape[:2]
        count = int(np.prod(patches.shape[2:]))
        kind = np.float32 if count <= 256 else np.float64
        weights = layer.weights[:, ky, kx, channels].transpose(3, 1, 2, 0)
        flat = patches.reshape(height * width, count).astype(kind)
        yield (flat @ weights.reshape(count, -1).astype(kind)).astype(np.float64).reshape(height, width, -1)


def adc_codes(sums: np.ndarray, adc: dict) -> np.ndarray:
    """Exact in float64: |sums| < 2^24 and m < 2^15."""
    return np.clip(np.floor((sums * adc["m"] + 2.0 ** (adc["s"] - 1)) * 2.0 ** -adc["s"]), -128, 127)


def round_shift(value: np.ndarray, shift: int, relu: bool) -> np.ndarray:
    """`value` already holds the rounding term."""
    return np.clip(value >> shift, 0 if relu else -128, 127).astype(np.int8)


def convolution(layer: Layer, x: np.ndarray) -> np.ndarray:
    """int8 maps, or int32 logits for the last layer."""
    requantise = layer.requantise
    results = []
    for image in as_maps(x):
        codes = sum(adc_codes(sums, layer.adc) for sums in column_sums(layer, image, layer.row_sets))
        value = codes.astype(np.int64) * requantise["m"] + requantise["b"]
        _check_int32(layer, value)
        if layer.output_scale is None:
            results.append(value.astype(np.int32))
        else:
            results.append(round_shift(value, requantise["s"], requantise["relu"]))
    return np.stack(results)


def addition(layer: Layer, x0: np.ndarray, x1: np.ndarray) -> np.ndarray:
    r = layer.requantise
    value = x0.astype(np.int64) * r["a"] + x1.astype(np.int64) * r["b"] + (1 << (r["s"] - 1))
    return round_shift(value, r["s"], r["relu"])


def max_pool(layer: Layer, x: np.ndarray) -> np.ndarray:
    top, left, bottom, right = layer.pad
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=-128)
    return windows(padded, layer.kernel[0], layer.stride[0], 0).max(axis=(-1, -2))


def average_pool(layer: Layer, x: np.ndarray) -> np.ndarray:
    r = layer.requantise
    value = x.sum(axis=(1, 2), dtype=np.int64) * r["m"] + (1 << (r["s"] - 1))
    return round_shift(value, r["s"], False)


def as_maps(x: np.ndarray) -> np.ndarray:
    return x if x.ndim == 4 else x[:, None, None, :]


def _check_int32(layer: Layer, value: np.ndarray) -> None:
    if np.abs(value).max() >= 2**31:
        raise OverflowError(f"{layer.name}: a product leaves int32")


def apply(layer: Layer, inputs: list[np.ndarray]) -> np.ndarray:
    if layer.op in ("Conv", "Gemm"):
        return convolution(layer, inputs[0])
    if layer.op == "Add":
        return addition(layer, *inputs)
    return max_pool(layer, inputs[0]) if layer.op == "MaxPool" else average_pool(layer, inputs[0])


def run(model: IntegerModel, pixels: np.ndarray, observe: Observe | None = None) -> np.ndarray:
    """int32 logits [n, classes] of uint8 images [n, height, width, 3]."""
    values = {model.source: quantise_pixels(model, pixels)}
    for layer in model.layers:
        y = apply(layer, [values[name] for name in layer.inputs])
        values[layer.output] = y
        if observe:
            observe(layer, y)
    return y.reshape(len(pixels), -1)


def real_logits(model: IntegerModel, logits: np.ndarray) -> np.ndarray:
    return logits * 2.0 ** -model.layers[-1].requantise["s"]


@dataclass(frozen=True)
class Cost:
    crossbars: int
    mvms: int


def cost(model: IntegerModel, columns: int = 256) -> Cost:
    """Crossbars of one copy of the network, and matrix-vector products per image: every pixel drives every crossbar."""
    sizes = {model.source: model.size}
    crossbars = mvms = 0
    for layer in model.layers:
        height, width = sizes[layer.inputs[0]]
        if layer.op in ("Conv", "MaxPool"):
            height = (height + layer.pad[0] + layer.pad[2] - layer.kernel[0]) // layer.stride[0] + 1
            width = (width + layer.pad[1] + layer.pad[3] - layer.kernel[1]) // layer.stride[1] + 1
        elif layer.op in ("GlobalAveragePool", "Gemm"):
            height = width = 1
        sizes[layer.output] = height, width
        if layer.row_sets:
            tiles = len(layer.row_sets) * -(-len(layer.weights) // columns)
            crossbars += tiles
            mvms += tiles * height * width
    return Cost(crossbars, mvms)


def exact_layer(layer: Layer, inputs: list[np.ndarray]) -> np.ndarray:
    """The exact form: int32 sums and 31-bit multipliers, straight from the file's scales. Pools as ever."""
    if layer.op == "MaxPool":
        return max_pool(layer, inputs[0])
    scales, out = [float(s) for s in layer.input_scales], layer.output_scale
    if layer.op == "Add":
        a, b, shift = fit([scales[0] / float(out), scales[1] / float(out)], 21)
        value = inputs[0].astype(np.int64) * a + inputs[1].astype(np.int64) * b + (1 << (shift - 1))
        return round_shift(value, shift, layer.relu)
    if layer.op == "GlobalAveragePool":
        m, shift = fit([scales[0] / float(out) / (inputs[0].shape[1] * inputs[0].shape[2])], 15)
        value = inputs[0].sum(axis=(1, 2), dtype=np.int64) * m + (1 << (shift - 1))
        return round_shift(value, shift, False)
    kernel, channels = layer.kernel, layer.weights.shape[3]
    whole = [RowSet((0, channels), (0, kernel[0]), (0, kernel[1]))]
    sums = np.stack([next(column_sums(layer, image, whole)) for image in as_maps(inputs[0])])
    accumulated = sums.astype(np.int64) + layer.bias
    if out is None:
        return accumulated.astype(np.int32)
    ratio = scales[0] * layer.weight_scales.astype(np.float64) / float(out)
    shift = 31 - np.frexp(ratio)[1].astype(np.int64)  # ratio * 2^shift lies in 2^30 .. 2^31
    multiplier = np.rint(np.ldexp(ratio, shift)).astype(np.int64)
    high = (accumulated * multiplier) >> 32
    rounded = (high + (1 << (shift - 33))) >> (shift - 32)
    return np.clip(rounded, 0 if layer.relu else -128, 127).astype(np.int8)


def fit(ratios: list[float], bits: int) -> list[int]:
    """The ratios as integers of at most `bits` bits with one shift: [m0, m1, ..., shift], the largest shift that fits."""
    limit = (1 << bits) - 1
    for shift in range(30, 0, -1):
        values = [int(np.rint(ratio * 2.0**shift)) for ratio in ratios]
        if max(values) <= limit:
            return [*values, shift]
    raise OverflowError(f"ratio {max(ratios)} does not fit {bits} bits")
