"""Small random QDQ graphs for onnxruntime_graphs_test.py: plain ones, and ones with a twist that an importer can get wrong."""

from dataclasses import dataclass, field

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

INPUT_SCALE = np.float32(1 / 64)
WEIGHT_SCALE = np.float32(0.01)


@dataclass
class Graph:
    """`plain`: nothing in it is beyond what the importer promises to understand."""

    random: np.random.Generator
    nodes: list = field(default_factory=list)
    constants: list = field(default_factory=list)
    plain: bool = True
    twists: list[str] = field(default_factory=list)
    model: ModelProto | None = None
    image: np.ndarray | None = None  # int8 [1, C, H, W]
    one_step: float = 0.0  # what one int8 step in every feature does to a logit

    def twist(self, name: str, plain: bool = False) -> None:
        self.twists.append(name)
        self.plain = self.plain and plain

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op: str, inputs: list[str], **attributes) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def quantised(self, value: str, scale: np.float32) -> str:
        parameters = [self.constant(f"{value}.s", np.float32(scale)), self.constant(f"{value}.z", np.int8(0))]
        return self.node("DequantizeLinear", [self.node("QuantizeLinear", [value, *parameters]), *parameters])

    def dequantised(self, name: str, value: np.ndarray, scale: np.ndarray, axis: int | None = None) -> str:
        zero = np.zeros(np.shape(scale), value.dtype)
        inputs = [self.constant(name, value), self.constant(f"{name}.s", np.asarray(scale, np.float32))]
        attributes = {} if axis is None else {"axis": axis}
        return self.node("DequantizeLinear", [*inputs, self.constant(f"{name}.z", zero)], **attributes)


def _sum_scale(terms: int) -> np.float32:
    """So that three standard deviations of a sum of random products fill int8."""
    return np.float32(3 * 0.67 * np.sqrt(terms) / 127)


def _added_constant(g: Graph, value: str, scale: np.float32, shape: tuple[int, ...], channels: int, name: str) -> str:
    rank, axis = len(shape), len(shape) - (3 if name == "k" else 1)
    right = all(size == 1 or (i == axis and size == channels) for i, size in enumerate(shape))
    if not right:
        g.twist(f"constant {list(shape)} for {channels} channels")
    values = g.random.integers(-60000, 60000, shape, dtype=np.int32)
    inputs = [value, g.dequantised(name, values, np.float32(INPUT_SCALE * WEIGHT_SCALE) if name == "k" else scale)]
    if rank and g.chance(0.3):
        inputs.reverse()
    return g.node("Add", inputs)


def _convolution(g: Graph, x: str, shape: tuple[int, int, int]) -> tuple[str, tuple[int, int, int], np.float32]:
    channels, height, width = shape
    out = int(g.random.choice([height, width, channels, 1 + g.random.integers(6)]))
    kernel = [int(g.random.integers(1, min(5, size) + 1)) for size in (height, width)]
    attributes = {"kernel_shape": kernel, "strides": [int(s) for s in g.random.integers(1, 3, 2)]}
    attributes["pads"] = [int(g.random.integers(0, k)) for k in kernel * 2]
    if g.chance(0.06):
        attributes.update(dilations=[2, 2])
        g.twist("dilations")
    if g.chance(0.06):
        attributes.pop("pads")
        attributes["auto_pad"] = str(g.random.choice(["SAME_UPPER", "SAME_LOWER", "VALID"]))
        g.twist(attributes["auto_pad"], plain=True)
    if g.chance(0.2):
        attributes["group"] = int(g.random.choice([n for n in range(1, channels + 1) if channels % n == 0]))
        if g.chance(0.8):
            out = attributes["group"] * int(g.random.integers(1, 4))
        g.twist("group", plain=out % attributes["group"] == 0)
    taken = channels // attributes.get("group", 1)
    weights = g.random.integers(-100, 101, (out, taken, *kernel)).astype(np.int8)
    scale, axis = WEIGHT_SCALE, None
    extra = g.random.choice(["none", "bias", "add"])
    if extra != "add" and g.chance(0.4):
        scale = (WEIGHT_SCALE * g.random.uniform(0.5, 2, out)).astype(np.float32)
        axis = 0 if g.chance(0.8) else 1
        if axis:
            scale = np.resize(scale, taken)
            g.twist("weights quantised along axis 1", plain=taken == 1)
    inputs = [x, g.dequantised("w", weights, scale, axis)]
    if extra == "bias":
        bias = g.random.integers(-60000, 60000, out, dtype=np.int32)
        if np.size(scale) != out and np.size(scale) != 1:
            scale = np.resize(scale, out)
        inputs.append(g.dequantised("b", bias, (INPUT_SCALE * scale).astype(np.float32), 0))
    y = g.node("Conv", inputs, **attributes)
    effective = [(k - 1) * d + 1 for k, d in zip(kernel, attributes.get("dilations", [1, 1]))]
    pads = attributes.get("pads", [0, 0, 0, 0])
    sizes = [
        (size + pads[i] + pads[i + 2] - effective[i]) // attributes["strides"][i] + 1
        for i, size in enumerate((height, width))
    ]
    if attributes.get("auto_pad", "").startswith("SAME"):
        sizes = [-(-size // stride) for size, stride in zip((height, width), attributes["strides"])]
    if extra == "add":
        shapes = [(), (1,), (out, 1, 1), (1, out, 1, 1), (out,), (out, 1), (1, out), (1, 1, 1, out), (1, 1, out, 1)]
        y = _added_constant(g, y, scale, shapes[g.random.integers(len(shapes))], out, "k")
    return y, (out, *sizes), _sum_scale(taken * kernel[0] * kernel[1])


def _classifier(g: Graph, x: str, features: int, scale: np.float32) -> str:
    classes = int(g.random.choice([features, 2 + g.random.integers(4)]))
    flat = g.node("Flatten", [x], **({"axis": 1} if g.chance(0.5) else {}))
    if g.chance(0.05):
        flat = x
        g.twist("no Flatten")
    bias_scale = np.float32(scale * WEIGHT_SCALE)
    shapes = [(), (1,), (classes,), (1, classes), (classes, 1), (1, 1)]
    shape = shapes[g.random.integers(len(shapes))]
    if shape == (classes, 1) and classes > 1:
        g.twist("bias [out, 1]")
    transposed = g.chance(0.5)
    weights = g.random.integers(-100, 101, (classes, features) if transposed else (features, classes)).astype(np.int8)
    w = g.dequantised("fc", weights, WEIGHT_SCALE)
    if not transposed and g.chance(0.5):
        y = g.node("MatMul", [flat, w])
        return _added_constant(g, y, bias_scale, shape, classes, "fk")
    attributes = {"transB": 1} if transposed else {}
    if g.chance(0.05):
        attributes[str(g.random.choice(["alpha", "beta"]))] = 0.5
        g.twist("alpha or beta")
    bias = g.random.integers(-60000, 60000, shape, dtype=np.int32)
    return g.node("Gemm", [flat, w, g.dequantised("fb", bias, bias_scale)], **attributes)


def _relu(g: Graph, y: str, scale: np.float32) -> str:
    if g.chance(0.6):
        return g.node("Relu", [y])
    lower = g.random.choice(["", "zero", "zero", "zero", "minus one"])
    if lower:
        lower = g.constant(f"{y}.min", np.float32(0 if lower == "zero" else -1))
        if lower and float(numpy_helper.to_array(g.constants[-1])) != 0:
            g.twist("Clip from -1 on")
    upper = g.constant(f"{y}.max", np.float32(scale * g.random.uniform(20, 200))) if g.chance(0.9) else ""
    return g.node("Clip", [y, lower, upper])


def _average_pool(g: Graph, y: str, shape: tuple[int, ...], scale: np.float32) -> tuple[str, tuple[int, ...]]:
    if g.chance(0.6) or min(shape) < 1:
        return y, shape
    kernel = [int(g.random.integers(1, size + 1)) for size in shape[1:]]
    strides = [int(s) for s in g.random.integers(1, 3, 2)]
    pads = [0, 0, 0, 0]
    attributes = {}
    if g.chance(0.3):
        pads = [int(g.random.integers(0, k)) for k in kernel * 2]
        attributes["count_include_pad"] = int(g.random.integers(2))
        g.twist("padded average", plain=attributes["count_include_pad"] == 1 or not any(pads))
    y = g.node("AveragePool", [y], kernel_shape=kernel, strides=strides, pads=pads, **attributes)
    sizes = [(shape[1 + i] + pads[i] + pads[i + 2] - kernel[i]) // strides[i] + 1 for i in range(2)]
    return g.quantised(y, scale), (shape[0], *sizes)


def random_graph(seed: int) -> Graph:
    g = Graph(np.random.default_rng(seed))
    shape = tuple(int(s) for s in g.random.integers(1, 7, 3))
    if g.chance(0.4):
        shape = (shape[0],) * 3  # a number of elements says nothing about the axis
    g.image = g.random.integers(-128, 128, (1, *shape)).astype(np.int8)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, *shape])
    y, shape, scale = _convolution(g, g.quantised("image", INPUT_SCALE), shape)
    if g.chance(0.6):
        if g.chance(0.4):
            y = g.quantised(y, np.float32(scale * g.random.choice([1, 1.3, 2, 0.5])))
            g.twist("a quantiser before the Relu", plain=False)
        y = _relu(g, y, scale)
    late = g.chance(0.3)
    if not late:
        y = g.quantised(y, scale)
    if late and min(shape[1:]) > 1:  # a maximum commutes with its quantiser and with a Relu
        y = g.node("MaxPool", [y], kernel_shape=[2, 1], pads=[1, 0, 0, 0])
        if g.chance(0.5):
            y = g.node("Relu", [y])
    if late:
        y = g.quantised(y, scale)
    if g.chance(0.3) and min(shape[1:]) > 1:
        attributes = {"kernel_shape": [2, 2], "strides": [int(s) for s in g.random.integers(1, 3, 2)]}
        if g.chance(0.15):
            attributes["ceil_mode"] = 1
            g.twist("ceil_mode")
        y = g.quantised(g.node("MaxPool", [y], **attributes), scale)
        rounding = 1 if "ceil_mode" in attributes else 0
        shape = (
            shape[0],
            *((s - 2 + rounding * (t - 1)) // t + 1 for s, t in zip(shape[1:], attributes["strides"], strict=True)),
        )
    if g.chance(0.2):
        y = g.quantised(g.node("Add", [y, y]), np.float32(2 * scale))
        scale = np.float32(2 * scale)
    y, shape = _average_pool(g, y, shape, scale)
    if g.chance(0.7) or min(shape) < 1:
        y = g.quantised(g.node("GlobalAveragePool", [y]), scale)
        shape = (shape[0], 1, 1)
    features = shape[0] * shape[1] * shape[2]  # of a map: flattened as [C, H, W]
    g.one_step = float(scale * WEIGHT_SCALE * 58 * np.sqrt(features))
    y = _classifier(g, y, features, scale)
    output = helper.make_tensor_value_info(y, TensorProto.FLOAT, None)
    body = helper.make_graph(g.nodes, f"random_{seed}", [image], [output], g.constants)
    g.model = helper.make_model(body, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    return g
