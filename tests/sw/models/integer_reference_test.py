"""The integer operators against arbitrary-precision Python written from CALIBRATED_FORMAT.md, and by hand."""

import unittest

import numpy as np
from ohmic_models import integer_reference
from ohmic_models.calibrate import make_row_sets, percentile
from ohmic_models.integer_model import Layer
from ohmic_models.integer_reference import fit


def clip(value: int, low: int = -128) -> int:
    return max(low, min(127, value))


def slow_convolution(layer: Layer, x: np.ndarray) -> np.ndarray:
    """One image, every product by itself in Python integers."""
    out, _, _, _ = layer.weights.shape
    top, left, bottom, right = layer.pad
    height = (x.shape[0] + top + bottom - layer.kernel[0]) // layer.stride[0] + 1
    width = (x.shape[1] + left + right - layer.kernel[1]) // layer.stride[1] + 1
    r, adc, y = layer.requantise, layer.adc, np.zeros((height, width, out), np.int64)
    for row, column, c in np.ndindex(height, width, out):
        total = 0
        for rows in layer.row_sets:
            partial = 0
            for ky in range(*rows.ky):
                for kx in range(*rows.kx):
                    v, u = row * layer.stride[0] + ky - top, column * layer.stride[1] + kx - left
                    if 0 <= v < x.shape[0] and 0 <= u < x.shape[1]:
                        partial += sum(
                            int(x[v, u, i]) * int(layer.weights[c, ky, kx, i]) for i in range(*rows.channels)
                        )
            total += clip((partial * adc["m"] + (1 << (adc["s"] - 1))) >> adc["s"])
        value = total * int(r["m"][c]) + int(r["b"][c])
        y[row, column, c] = value if layer.output_scale is None else clip(value >> r["s"], 0 if r["relu"] else -128)
    return y


def random_layer(rng: np.random.Generator, channels: int, out: int, kernel: int, extreme: bool) -> Layer:
    one = np.float32(1)
    pad = tuple(int(p) for p in rng.integers(0, kernel // 2 + 1, 4))
    layer = Layer(
        "layer",
        "Conv",
        ["x"],
        "y",
        [one],
        None if rng.integers(4) == 0 else one,
        bool(rng.integers(2)),
        (kernel, kernel),
        tuple(int(s) for s in rng.integers(1, 3, 2)),
        pad,
    )
    low, high = (-127, 128) if extreme else (-20, 21)
    layer.weights = rng.integers(low, high, (out, kernel, kernel, channels)).astype(np.int8)
    if extreme:
        layer.weights[0] = 127
    layer.row_sets = make_row_sets(channels, kernel, kernel, 256)
    layer.adc = {"m": int(rng.integers(1 << 14, 1 << 15)), "s": int(rng.integers(18, 28))}
    shift = int(rng.integers(5, 16))
    layer.requantise = {
        "m": rng.integers(0, 1 << 15, out),
        "b": rng.integers(-(1 << 24), 1 << 24, out),
        "s": shift,
        "relu": layer.relu and layer.output_scale is not None,
    }
    return layer


class Convolution(unittest.TestCase):
    def test_random_layers_equal_arbitrary_precision(self):
        seed = 7
        rng = np.random.default_rng(seed)
        for trial, (channels, kernel) in enumerate([(3, 7), (28, 3), (40, 3), (70, 3), (130, 3), (300, 1), (1, 1)] * 2):
            layer = random_layer(rng, channels, 3, kernel, extreme=trial % 2 == 1)
            x = rng.integers(-128, 128, (1, kernel + 2, kernel + 1, channels)).astype(np.int8)
            if trial % 3 == 0:
                x[:] = rng.choice([-128, 127], x.shape)
            np.testing.assert_array_equal(
                integer_reference.convolution(layer, x)[0], slow_convolution(layer, x[0]), f"seed {seed} trial {trial}"
            )

    def test_saturated_columns_reach_the_ends_of_the_code_range(self):
        codes = integer_reference.adc_codes(np.array([256.0 * 127 * 127, -256.0 * 128 * 127, 0]), {"m": 16384, "s": 20})
        self.assertEqual(codes.tolist(), [127, -128, 0])

    def test_halves_round_up_in_the_adc(self):
        codes = integer_reference.adc_codes(np.array([1.0, -1, 3, -3]), {"m": 1, "s": 1})
        self.assertEqual(codes.tolist(), [1, 0, 2, -1])

    def test_a_product_outside_int32_is_refused(self):
        rng = np.random.default_rng(1)
        layer = random_layer(rng, 4, 2, 1, extreme=True)
        layer.requantise["b"][:] = 2**31
        with self.assertRaises(OverflowError):
            integer_reference.convolution(layer, np.zeros((1, 2, 2, 4), np.int8))


class OtherOperators(unittest.TestCase):
    def layer(self, op: str, **fields) -> Layer:
        return Layer("layer", op, ["x"], "y", [np.float32(1)], np.float32(1), **fields)

    def test_addition_weighs_rounds_and_clips(self):
        layer = self.layer("Add", requantise={"a": 3, "b": 1, "s": 2, "relu": False})
        x0 = np.array([127, -128, 1, -1, 0], np.int8)
        x1 = np.array([127, -128, 1, -1, 2], np.int8)
        self.assertEqual(integer_reference.addition(layer, x0, x1).tolist(), [127, -128, 1, -1, 1])
        layer.requantise["relu"] = True
        self.assertEqual(integer_reference.addition(layer, x0, x1).tolist(), [127, 0, 1, 0, 1])

    def test_padding_never_wins_a_max_pool(self):
        layer = self.layer("MaxPool", kernel=(3, 3), stride=(2, 2), pad=(1, 1, 1, 1))
        x = -np.arange(1, 17, dtype=np.int8).reshape(1, 4, 4, 1)
        self.assertEqual(integer_reference.max_pool(layer, x)[0, :, :, 0].tolist(), [[-1, -2], [-5, -6]])

    def test_average_pool_of_the_extremes(self):
        layer = self.layer("GlobalAveragePool", requantise={"m": 1 << 14, "s": 20})
        for value in (-128, -1, 0, 1, 127):
            x = np.full((1, 8, 8, 2), value, np.int8)
            self.assertEqual(integer_reference.average_pool(layer, x).tolist(), [[value, value]])


class Constants(unittest.TestCase):
    def test_fit_takes_the_largest_shift_of_15_bits(self):
        self.assertEqual(fit([1.0], 15), [16384, 14])
        self.assertEqual(fit([0.5, 0.25], 15), [16384, 8192, 15])
        self.assertEqual(fit([32767.6 / 32768], 15), [16384, 14])
        self.assertEqual(fit([1e-12], 15), [0, 30])

    def test_percentile_leaves_one_value_in_ten_thousand_above(self):
        histogram = np.zeros(100, np.int64)
        histogram[5], histogram[50], histogram[99] = 9998, 1, 1
        self.assertEqual(percentile(histogram), 50)
        histogram[5] = 9999
        self.assertEqual(percentile(histogram), 50)
        histogram[5], histogram[50] = 10, 0
        self.assertEqual(percentile(histogram), 99)


if __name__ == "__main__":
    unittest.main()
