"""Reads a QDQ ONNX file into a list of integer layers, and the calibration out of and into its metadata."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ohmic_models import whole_file


class ModelError(ValueError):
    """The file is not a network this project can execute; the message names the node."""


@dataclass(frozen=True)
class Pixels:
    """real = (pixel * scale + offset - mean) / std, by channel; `reverse`: the network's channels are blue, green, red."""

    scale: float = 1.0
    offset: float = 0.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    reverse: bool = False


@dataclass
class RowSet:
    channels: tuple[int, int]
    ky: tuple[int, int]
    kx: tuple[int, int]


@dataclass
class Layer:
    """Tensors are known by the name of their int8 value; `output` of the last layer is the graph's output."""

    name: str
    op: str  # Conv, Gemm, Add, MaxPool, GlobalAveragePool
    inputs: list[str]
    output: str
    input_scales: list[np.float32]
    output_scale: np.float32 | None  # None: logits
    relu: bool = False
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, left, bottom, right
    weights: np.ndarray | None = None  # int8 [out, ky, kx, in]
    weight_scales: np.ndarray | None = None
    bias: np.ndarray | None = None  # int32, scale input * weight
    row_sets: list[RowSet] = field(default_factory=list)
    adc: dict | None = None
    requantise: dict | None = None  # of Add and GlobalAveragePool too


@dataclass
class IntegerModel:
    size: tuple[int, int]
    pixels: Pixels
    input_scale: np.float32
    labels: list[str]
    source: str  # the int8 image
    layers: list[Layer]
    rows: int = 256
    calibrated: bool = False


class _Importer:
    def __init__(self, model: onnx.ModelProto):
        self.graph = model.graph
        self.constants = {t.name: numpy_helper.to_array(t) for t in self.graph.initializer}
        self.producers = {out: node for node in self.graph.node for out in node.output}
        self.consumers: dict[str, list[onnx.NodeProto]] = {}
        for node in self.graph.node:
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)

    def scale(self, node: onnx.NodeProto) -> np.ndarray:
        zero = self.constants[node.input[2]] if len(node.input) > 2 and node.input[2] else np.int8(0)
        if np.any(zero):
            raise ModelError(f"{node.name}: zero points must be 0")
        return self.constants[node.input[1]]

    def activation(self, name: str, user: str) -> tuple[str, np.float32]:
        """The int8 tensor and scale behind a dequantised map."""
        node = self.producers.get(name)
        while node is not None and node.op_type in ("Flatten", "Reshape"):
            node = self.producers.get(node.input[0])
        if node is None or node.op_type != "DequantizeLinear":
            raise ModelError(f"{user}: input {name} is not a dequantised map")
        return node.input[0], np.float32(self.scale(node))

    def constant(self, name: str, user: str, dtype: type) -> tuple[np.ndarray, np.ndarray]:
        node = self.producers.get(name)
        if node is None or node.op_type != "DequantizeLinear" or node.input[0] not in self.constants:
            raise ModelError(f"{user}: {name} is not a dequantised constant")
        value = self.constants[node.input[0]]
        if value.dtype != dtype:
            raise ModelError(f"{user}: {name} is {value.dtype}, not {np.dtype(dtype)}")
        return value, np.broadcast_to(self.scale(node), value.shape[:1])

    def ending(self, node: onnx.NodeProto) -> tuple[str, np.float32 | None, bool]:
        """The quantised output behind a node, its scale, and whether a Relu stands between."""
        out, relu = node.output[0], False
        users = self.consumers.get(out, [])
        if len(users) == 1 and users[0].op_type == "Relu":
            out, relu = users[0].output[0], True
            users = self.consumers.get(out, [])
        if not users and out == self.graph.output[0].name:
            return out, None, relu
        if len(users) != 1 or users[0].op_type != "QuantizeLinear":
            raise ModelError(f"{node.name}: its output is not quantised")
        return users[0].output[0], np.float32(self.scale(users[0])), relu

    def layer(self, node: onnx.NodeProto) -> Layer:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        maps = node.input[:2] if node.op_type == "Add" else node.input[:1]
        inputs, scales = zip(*(self.activation(name, node.name) for name in maps))
        layer = Layer(node.name, node.op_type, list(inputs), "", list(scales), None)
        layer.output, layer.output_scale, layer.relu = self.ending(node)
        if node.op_type in ("Conv", "MaxPool"):
            layer.kernel = tuple(attributes["kernel_shape"])
            layer.stride = tuple(attributes.get("strides", (1, 1)))
            layer.pad = tuple(attributes.get("pads", (0, 0, 0, 0)))
        if node.op_type in ("Conv", "Gemm"):
            weights, layer.weight_scales = self.constant(node.input[1], node.name, np.int8)
            if node.op_type == "Gemm":
                weights = (weights if attributes.get("transB", 0) else weights.T)[:, :, None, None]
            layer.weights = np.ascontiguousarray(weights.transpose(0, 2, 3, 1))
            layer.bias = np.zeros(len(weights), np.int32)
            if len(node.input) > 2:
                layer.bias, _ = self.constant(node.input[2], node.name, np.int32)
        if node.op_type == "MaxPool" and layer.output_scale != layer.input_scales[0]:
            raise ModelError(f"{node.name}: input and output scales differ")
        return layer


_GLUE = ("QuantizeLinear", "DequantizeLinear", "Relu", "Flatten", "Reshape")
_LAYERS = ("Conv", "Gemm", "Add", "MaxPool", "GlobalAveragePool")


def load(path: Path) -> IntegerModel:
    model = onnx.load(path)
    importer = _Importer(model)
    layers = []
    for node in model.graph.node:
        if node.op_type in _LAYERS:
            layers.append(importer.layer(node))
        elif node.op_type not in _GLUE:
            raise ModelError(f"{node.name}: operator {node.op_type} is not supported")
    metadata = {entry.key: json.loads(entry.value) for entry in model.metadata_props if entry.key.startswith("ohmic.")}
    image = model.graph.input[0]
    height, width = (d.dim_value for d in image.type.tensor_type.shape.dim[2:])
    quantiser = importer.consumers[image.name][0]
    result = IntegerModel(
        (height, width),
        _pixels(metadata.get("ohmic.input"), importer.scale(quantiser)),
        np.float32(importer.scale(quantiser)),
        metadata.get("ohmic.labels", []),
        quantiser.output[0],
        layers,
    )
    if "ohmic.calibration" in metadata:
        _apply(result, metadata["ohmic.calibration"])
    return result


def _pixels(said: dict | None, quantiser_scale: np.ndarray) -> Pixels:
    if said is None:
        raise ModelError("metadata ohmic.input is missing")
    if "pixel_offset" in said:  # what older files say
        return Pixels(float(quantiser_scale), -said["pixel_offset"] * float(quantiser_scale))
    return Pixels(
        said.get("scale", 1.0),
        said.get("offset", 0.0),
        tuple(np.atleast_1d(said.get("mean", 0.0)).tolist()),
        tuple(np.atleast_1d(said.get("std", 1.0)).tolist()),
        said.get("channels", "rgb") == "bgr",
    )


def _apply(model: IntegerModel, calibration: dict) -> None:
    if calibration["version"] != 1:
        raise ModelError(f"calibration version {calibration['version']} is not 1")
    model.rows, model.calibrated = calibration["rows"], True
    for layer in model.layers:
        if layer.op in ("Conv", "Gemm"):
            entry = calibration["conv"][layer.name]
            layer.row_sets = [RowSet(*(tuple(s[key]) for key in ("channels", "ky", "kx"))) for s in entry["row_sets"]]
            layer.adc = entry["adc"]
            layer.requantise = {
                **entry["requantise"],
                "m": np.array(entry["requantise"]["m"], np.int64),
                "b": np.array(entry["requantise"]["b"], np.int64),
            }
        elif layer.op != "MaxPool":
            layer.requantise = calibration["add" if layer.op == "Add" else "pool"][layer.name]


def save_calibrated(source: Path, target: Path, model: IntegerModel, images: int) -> None:
    """Writes `source` again with the model's calibration in its metadata."""
    whole_file.write(target, calibrated_bytes(source, model, images))


def calibrated_bytes(source: Path, model: IntegerModel, images: int) -> bytes:
    """What save_calibrated() writes."""
    calibration = {"version": 1, "rows": model.rows, "images": images, "conv": {}, "add": {}, "pool": {}}
    for layer in model.layers:
        if layer.op in ("Conv", "Gemm"):
            requantise = {**layer.requantise, "m": layer.requantise["m"].tolist(), "b": layer.requantise["b"].tolist()}
            sets = [{"channels": list(s.channels), "ky": list(s.ky), "kx": list(s.kx)} for s in layer.row_sets]
            calibration["conv"][layer.name] = {"row_sets": sets, "adc": layer.adc, "requantise": requantise}
        elif layer.op != "MaxPool":
            calibration["add" if layer.op == "Add" else "pool"][layer.name] = layer.requantise
    document = onnx.load(source)
    properties = {entry.key: entry.value for entry in document.metadata_props}
    properties["ohmic.calibration"] = json.dumps(calibration)
    helper.set_model_props(document, properties)
    return document.SerializeToString()
