"""A network in float32: seeded weights, batch-norm calibrated on photographs, with a scene head."""

from collections.abc import Callable

import numpy as np

from ohmic_models.topology import Node, Topology

INPUT_SCALE = 1 / 64
PIXEL_OFFSET = 128

Tensors = dict[str, np.ndarray]


def to_input(pixels: np.ndarray) -> np.ndarray:
    """uint8 pixels to the network's real input, [n, height, width, channels]."""
    return (pixels.astype(np.float32) - PIXEL_OFFSET) * np.float32(INPUT_SCALE)


def windows(x: np.ndarray, kernel: int, stride: int, pad: int, fill: float = 0) -> np.ndarray:
    """A view [n, out_height, out_width, channels, ky, kx] on the padded [n, height, width, channels]."""
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), constant_values=fill) if pad else x
    view = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(1, 2))
    return view[:, ::stride, ::stride]


def convolve(x: np.ndarray, weights: np.ndarray, stride: int, pad: int) -> np.ndarray:
    """weights [out, ky, kx, in]; one image at a time bounds the memory."""
    out, kernel = weights.shape[0], weights.shape[1]
    matrix = np.ascontiguousarray(weights.reshape(out, -1).T)
    results = []
    for image in x:
        view = windows(image[None], kernel, stride, pad)[0]
        patches = view.transpose(0, 1, 3, 4, 2).reshape(-1, matrix.shape[0])
        results.append((patches @ matrix).reshape(*view.shape[:2], out))
    return np.stack(results)


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
            y = convolve(inputs[0], self.weights[node.name], node.stride, node.pad) + self.biases[node.name]
        elif node.op == "add":
            y = inputs[0] + inputs[1]
        elif node.op == "maxpool":
            y = maxpool(inputs[0], node.kernel, node.stride, node.pad)
        elif node.op == "avgpool":
            y = inputs[0].mean(axis=(1, 2))
        else:
            y = inputs[0] @ self.weights[node.name].reshape(node.channels, -1).T + self.biases[node.name]
        return np.maximum(y, 0) if node.relu else y

    def initialise(self, pixels: np.ndarray) -> None:
        """Seeded He weights, then layer by layer the scale and bias that give each channel mean 0 and standard
        deviation gamma over the given images, before its ReLU. The head stays to be trained."""
        rng = np.random.default_rng(self.topology.seed)
        values: Tensors = {"image": to_input(pixels)}
        channels = {"image": pixels.shape[-1]}
        for node in self.topology.nodes:
            inputs = [values[source] for source in node.inputs]
            if node.op == "conv":
                fan_in = channels[node.inputs[0]] * node.kernel**2
                shape = node.channels, node.kernel, node.kernel, channels[node.inputs[0]]
                weights = rng.standard_normal(shape).astype(np.float32) * np.float32(np.sqrt(2 / fan_in))
                y = convolve(inputs[0], weights, node.stride, node.pad)
                flat = y.reshape(-1, node.channels)
                mean, deviation = flat.mean(axis=0, dtype=np.float64), flat.std(axis=0, dtype=np.float64) + 1e-6
                gain = node.gamma / deviation
                self.weights[node.name] = (weights * gain[:, None, None, None]).astype(np.float32)
                self.biases[node.name] = (-mean * gain).astype(np.float32)
                y = y * gain.astype(np.float32) + self.biases[node.name]
                values[node.name] = np.maximum(y, 0) if node.relu else y
            elif node.op != "fc":
                values[node.name] = self.apply(node, inputs)
            channels[node.name] = node.channels

    def features(self, pixels: np.ndarray) -> np.ndarray:
        return self.forward(to_input(pixels), until="avgpool")

    def train_head(self, features: np.ndarray, scene: np.ndarray, scenes: int) -> None:
        """Rows 0..scenes-1: ridge regression to the scene. The rest keep the classifier's shape: seeded random rows,
        small enough never to win."""
        features = features.astype(np.float64)
        mean = features.mean(axis=0)
        centred = features - mean
        target = np.eye(scenes)[scene]
        gram = centred.T @ centred
        ridge = 3e-3 * np.trace(gram) / len(gram)
        head = np.linalg.solve(gram + ridge * np.eye(len(gram)), centred.T @ (target - target.mean(axis=0)))
        rng = np.random.default_rng(self.topology.seed + 1)
        others = rng.standard_normal((features.shape[1], self.topology.classes - scenes))
        if others.shape[1]:
            others *= _RANDOM_ROWS / (centred @ others).std(axis=0)
        rows = np.concatenate([head, others], axis=1)
        offset = np.concatenate([target.mean(axis=0), np.zeros(others.shape[1])]) - mean @ rows
        self.weights["fc"] = (rows.T * _LOGIT_GAIN).astype(np.float32)[:, None, None, :]
        self.biases["fc"] = (offset * _LOGIT_GAIN).astype(np.float32)


_RANDOM_ROWS = 0.1  # standard deviation of a random row's logit, the right scene's being about 1
_LOGIT_GAIN = 10.0
