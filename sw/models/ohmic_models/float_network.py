"""A network in real numbers: seeded weights, batch-norm calibrated on photographs, with a scene head.

Weights, activations and features are float64 on binary grids, so that every bit is the same everywhere: see exact.py."""

from collections.abc import Callable

import numpy as np

from ohmic_models import exact
from ohmic_models.topology import Node, Topology

INPUT_SCALE = 1 / 64
PIXEL_OFFSET = 128

_WEIGHT_BITS = 20
_ACTIVATION_BITS = 14
_FEATURE_BITS = 18  # the head is trained on differences of features

Tensors = dict[str, np.ndarray]


def to_input(pixels: np.ndarray) -> np.ndarray:
    """uint8 pixels to the network's real input, [n, height, width, channels]."""
    return (pixels.astype(np.float64) - PIXEL_OFFSET) * INPUT_SCALE


def windows(x: np.ndarray, kernel: int, stride: int, pad: int, fill: float = 0) -> np.ndarray:
    """A view [n, out_height, out_width, channels, ky, kx] on the padded [n, height, width, channels]."""
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), constant_values=fill) if pad else x
    view = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(1, 2))
    return view[:, ::stride, ::stride]


def convolve(image: np.ndarray, weights: np.ndarray, stride: int, pad: int) -> np.ndarray:
    """Exact; one image [height, width, channels] of activations, weights [out, ky, kx, in]."""
    out, kernel = weights.shape[0], weights.shape[1]
    padded = np.pad(image, ((pad, pad), (pad, pad), (0, 0))) if pad else image
    height, width = ((size - kernel) // stride + 1 for size in padded.shape[:2])
    patches = np.empty((height, width, kernel, kernel, image.shape[2]))
    for ky in range(kernel):
        for kx in range(kernel):
            patches[:, :, ky, kx] = padded[
                ky : ky + stride * (height - 1) + 1 : stride, kx : kx + stride * (width - 1) + 1 : stride
            ]
    matrix = weights.reshape(out, -1).T
    y = exact.matmul(patches.reshape(height * width, -1), _ACTIVATION_BITS, matrix, _WEIGHT_BITS)
    return y.reshape(height, width, out)


def maxpool(x: np.ndarray, kernel: int, stride: int, pad: int) -> np.ndarray:
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), constant_values=lowest)
    height = (padded.shape[1] - kernel) // stride + 1
    width = (padded.shape[2] - kernel) // stride + 1
    taps = [
        padded[:, ky : ky + stride * (height - 1) + 1 : stride, kx : kx + stride * (width - 1) + 1 : stride]
        for ky in range(kernel)
        for kx in range(kernel)
    ]
    return np.maximum.reduce(taps)


class FloatNetwork:
    """Weights are [out, ky, kx, in], biases [out], by node name."""

    def __init__(self, topology: Topology):
        self.topology = topology
        self.weights: Tensors = {}
        self.biases: Tensors = {}

    def forward(
        self, x: np.ndarray, observe: Callable[[Node, np.ndarray], None] | None = None, until: str = "fc"
    ) -> np.ndarray:
        """The output of node `until`; `observe` sees each node's output after its ReLU."""
        values: Tensors = {"image": x}
        last_use = {source: node.name for node in self.topology.nodes for source in node.inputs}
        for node in self.topology.nodes:
            y = self.apply(node, [values[source] for source in node.inputs])
            values[node.name] = y
            if observe:
                observe(node, y)
            if node.name == until:
                return y
            for source in node.inputs:
                if last_use[source] == node.name:
                    del values[source]
        raise ValueError(f"{self.topology.name} has no node {until}")

    def apply(self, node: Node, inputs: list[np.ndarray]) -> np.ndarray:
        if node.op == "conv":
            raw = np.stack([convolve(image, self.weights[node.name], node.stride, node.pad) for image in inputs[0]])
            return self._finish(node, raw + self.biases[node.name])
        if node.op == "add":
            return self._finish(node, inputs[0] + inputs[1])
        if node.op == "maxpool":
            return maxpool(inputs[0], node.kernel, node.stride, node.pad)
        if node.op == "avgpool":
            pixels = inputs[0].shape[1] * inputs[0].shape[2]
            return exact.on_grid(inputs[0].sum(axis=(1, 2)) / pixels, _FEATURE_BITS)
        matrix = self.weights[node.name].reshape(node.channels, -1).T
        return exact.matmul(inputs[0], _FEATURE_BITS, matrix, _WEIGHT_BITS) + self.biases[node.name]

    @staticmethod
    def _finish(node: Node, y: np.ndarray) -> np.ndarray:
        return exact.on_grid(np.maximum(y, 0) if node.relu else y, _ACTIVATION_BITS)

    def initialise(self, pixels: np.ndarray) -> None:
        """Seeded He weights, then layer by layer the scale and bias that give each channel mean 0 and standard
        deviation gamma over the given images, before its ReLU. The head stays to be trained."""
        rng = np.random.default_rng(self.topology.seed)
        values: Tensors = {"image": to_input(pixels)}
        last_use = {source: node.name for node in self.topology.nodes for source in node.inputs}
        for node in self.topology.nodes:
            inputs = [values[source] for source in node.inputs]
            if node.op == "conv":
                values[node.name] = self._normalised(node, inputs[0], rng)
            elif node.op != "fc":
                values[node.name] = self.apply(node, inputs)
            for source in node.inputs:
                if last_use[source] == node.name:
                    values.pop(source, None)

    def _normalised(self, node: Node, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        fan_in = x.shape[-1] * node.kernel**2
        shape = node.channels, node.kernel, node.kernel, x.shape[-1]
        weights = exact.on_grid(exact.bell(rng, shape) * np.sqrt(2 / fan_in), _WEIGHT_BITS)
        raw = np.stack(exact.for_each(lambda image: convolve(image, weights, node.stride, node.pad), x))
        moments = exact.Moments()
        for image in raw:
            moments.add(image.reshape(-1, node.channels))
        gain = node.gamma / (moments.deviation() + 1e-6)
        self.weights[node.name] = exact.on_grid(weights * gain[:, None, None, None], _WEIGHT_BITS)
        self.biases[node.name] = exact.on_grid(-moments.mean() * gain, _WEIGHT_BITS)
        return self._finish(node, raw * gain + self.biases[node.name])

    def features(self, pixels: np.ndarray) -> np.ndarray:
        return self.forward(to_input(pixels), until="avgpool")

    def train_head(self, features: np.ndarray, scene: np.ndarray, scenes: int) -> None:
        """Rows 0..scenes-1: ridge regression to the scene. The rest keep the classifier's shape: seeded random rows,
        small enough never to win."""
        mean = exact.on_grid(features.sum(axis=0) / len(features), _FEATURE_BITS)
        centred = features - mean
        target = np.eye(scenes)[scene]
        share = target.sum(axis=0) / len(target)
        gram = exact.matmul(centred.T, _FEATURE_BITS, centred, _FEATURE_BITS)
        ridge = _RIDGE * exact.mean(np.diagonal(gram))
        wanted = exact.on_grid(target - share, _WEIGHT_BITS)
        right = exact.matmul(centred.T, _FEATURE_BITS, wanted, _WEIGHT_BITS)
        head = exact.solve(gram + ridge * np.eye(len(gram)), right)
        rng = np.random.default_rng(self.topology.seed + 1)
        others = exact.on_grid(exact.bell(rng, (features.shape[1], self.topology.classes - scenes)), _WEIGHT_BITS)
        if others.shape[1]:
            logits = exact.Moments()
            logits.add(exact.matmul(centred, _FEATURE_BITS, others, _WEIGHT_BITS))
            others = others * (_RANDOM_ROWS / logits.deviation())
        rows = exact.on_grid(np.concatenate([head, others], axis=1) * _LOGIT_GAIN, _WEIGHT_BITS)
        offset = np.concatenate([share, np.zeros(others.shape[1])]) * _LOGIT_GAIN
        offset = offset - exact.matmul(mean[None], _FEATURE_BITS, rows, _WEIGHT_BITS)[0]
        self.weights["fc"] = rows.T[:, None, None, :]
        self.biases["fc"] = exact.on_grid(offset, _WEIGHT_BITS)


_RIDGE = 3e-3  # of the features' mean variance
_RANDOM_ROWS = 0.1  # standard deviation of a random row's logit, the right scene's being about 1
_LOGIT_GAIN = 10.0
