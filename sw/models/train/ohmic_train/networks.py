"""Networks as lists of nodes in execution order: what is trained, written as ONNX and read from it.

A node is a dict: `op` (input, conv, gemm, add, max_pool, mean), `name`, `inputs` (names of nodes), `channels` of its
output; conv: `kernel`, `stride`, `pads` ([begin y, x, end y, x]), `group`; max_pool: `kernel`, `stride`, `pads`; conv,
gemm, add: `relu`. A gemm flattens its input, channels first. This module needs neither torch nor onnx.
"""

from dataclasses import dataclass

CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FASHION = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")


@dataclass(frozen=True)
class Data:
    """What a network is trained on. `pixels` says how a pixel becomes the real input, as ohmic.input of a file does."""

    name: str
    shape: tuple[int, int, int]  # channels, height, width
    labels: tuple[str, ...]
    pixels: dict
    shift: int  # pixels by which pictures are moved at random

    def conversion(self) -> tuple[list[float], list[float]]:
        """Of each channel factor f and summand s: pixel p becomes p * f + s."""

        def each(key: str, default: float) -> list[float]:
            value = self.pixels.get(key, default)
            return [float(v) for v in value] if isinstance(value, list) else [float(value)] * self.shape[0]

        scale, offset = float(self.pixels.get("scale", 1)), float(self.pixels.get("offset", 0))
        means, deviations = each("mean", 0), each("std", 1)
        return [scale / d for d in deviations], [(offset - m) / d for m, d in zip(means, deviations)]

    @property
    def gain(self) -> float:
        """Brings inputs to a range of about 4, which layers train well on; the first layers' weights take it up."""
        return 4 / (255 * max(self.conversion()[0]))


# CIFAR-10: whole numbers within int8, which the quantiser takes as they are; zero padding is grey. Fashion-MNIST: black
# is 0, so that most rows of a crossbar are silent.
DATA = {
    "cifar10": Data("cifar10", (3, 32, 32), CIFAR10, {"scale": 1, "offset": -128}, 2),
    "fashion_mnist": Data("fashion_mnist", (1, 28, 28), FASHION, {"scale": 1 / 255}, 2),
}


@dataclass(frozen=True)
class Recipe:
    """A network, its data, and the schedule that reaches its accuracy on a small budget of CPU time."""

    data: str
    nodes: list[dict]
    epochs: int
    rate: float = 0.4  # greatest learning rate
    decay: float = 5e-4
    smoothing: float = 0.05
    batch: int = 256
    noise: float = 0.0  # of weights, relative to the greatest of their output channel
    digital: tuple[str, ...] = ()  # layers without noise: those that run on cores


class _Builder:
    def __init__(self, channels: int):
        self.nodes = [{"op": "input", "name": "image", "inputs": [], "channels": channels}]

    def _add(self, op: str, name: str, channels: int, inputs: list[str] | None, **attributes) -> str:
        source = inputs or [self.nodes[-1]["name"]]
        self.nodes.append({"op": op, "name": name, "inputs": source, "channels": channels, **attributes})
        return name

    def conv(self, name: str, channels: int, kernel: int, stride: int = 1, relu: bool = True, of: str = "") -> str:
        pad = kernel // 2
        window = {"kernel": [kernel] * 2, "stride": [stride] * 2, "pads": [pad] * 4, "group": 1}
        return self._add("conv", name, channels, [of] if of else None, relu=relu, **window)

    def pool(self, name: str) -> str:
        window = {"kernel": [2, 2], "stride": [2, 2], "pads": [0] * 4}
        return self._add("max_pool", name, self.nodes[-1]["channels"], None, **window)

    def gemm(self, name: str, channels: int, relu: bool) -> str:
        return self._add("gemm", name, channels, None, relu=relu)

    def block(self, name: str, channels: int, stride: int) -> None:
        source = self.nodes[-1]
        self.conv(f"{name}c1", channels, 3, stride)
        last = self.conv(f"{name}c2", channels, 3, relu=False)
        short = source["name"]
        if stride != 1 or source["channels"] != channels:
            short = self.conv(f"{name}down", channels, 1, stride, relu=False, of=short)
        self._add("add", f"{name}add", channels, [last, short], relu=True)

    def mean(self) -> None:
        self._add("mean", "mean", self.nodes[-1]["channels"], None)


def resnet(channels: int, blocks: int) -> list[dict]:
    """Three stages of 16, 32 and 64 channels, as He et al. 2016 has them for CIFAR-10; shortcuts are 1x1 convolutions."""
    builder = _Builder(channels)
    builder.conv("conv1", 16, 3)
    for stage, width in enumerate((16, 32, 64)):
        for block in range(blocks):
            builder.block(f"l{stage + 1}b{block}", width, 2 if stage and block == 0 else 1)
    builder.mean()
    builder.gemm("fc", 10, relu=False)
    return builder.nodes


def vgg(width: int) -> list[dict]:
    builder = _Builder(3)
    for stage in range(3):
        for half in (1, 2):
            builder.conv(f"conv{stage + 1}_{half}", width << stage, 3)
        builder.pool(f"pool{stage + 1}")
    builder.gemm("fc1", 4 * width, relu=True)
    builder.gemm("fc2", 10, relu=False)
    return builder.nodes


def alexnet() -> list[dict]:
    builder = _Builder(3)
    for index, (channels, kernel, pooled) in enumerate(
        ((48, 5, True), (96, 5, True), (128, 3, False), (128, 3, False), (96, 3, True)), start=1
    ):
        builder.conv(f"conv{index}", channels, kernel)
        if pooled:
            builder.pool(f"pool{index}")
    builder.gemm("fc1", 256, relu=True)
    builder.gemm("fc2", 256, relu=True)
    builder.gemm("fc3", 10, relu=False)
    return builder.nodes


RECIPES = {
    "fashion_resnet8": Recipe("fashion_mnist", resnet(1, 1), epochs=8),
    "cifar_resnet8": Recipe("cifar10", resnet(3, 1), epochs=20, rate=0.2, batch=128, smoothing=0.0),
    "cifar_resnet20": Recipe("cifar10", resnet(3, 3), epochs=20, rate=0.2, batch=128),
    "vgg_small": Recipe("cifar10", vgg(32), epochs=7, rate=0.2, batch=128),
    "vgg_wide": Recipe("cifar10", vgg(64), epochs=6, rate=0.2, batch=128),
    "alexnet_small": Recipe("cifar10", alexnet(), epochs=7, rate=0.2, batch=128),
}
