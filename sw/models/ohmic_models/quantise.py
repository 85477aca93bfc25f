"""Symmetric int8 quantisation of a float network into a QDQ ONNX graph of our own making."""

import json
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ohmic_models import exact
from ohmic_models.float_network import INPUT_SCALE, PIXEL_OFFSET, FloatNetwork, to_input
from ohmic_models.topology import Node, Topology

_CLIP_FACTORS = (np.arange(31) + 10) / 40  # 0.25 .. 1
_SAMPLES_PER_IMAGE = 40_000


def activation_scale(samples: np.ndarray) -> np.float32:
    """The scale of least mean squared error among 31 clip factors."""
    top = float(np.abs(samples).max())
    errors = []
    for factor in _CLIP_FACTORS:
        scale = float(np.float32(top * factor / 127))
        gap = samples - np.clip(np.rint(samples / scale), -128, 127) * scale
        errors.append(exact.mean(gap * gap))
    return np.float32(top * _CLIP_FACTORS[int(np.argmin(errors))] / 127)


def activation_scales(network: FloatNetwork, pixels: np.ndarray) -> dict[str, np.float32]:
    """One scale per node that is followed by a quantiser; max-pool keeps its input's."""

    def look(image: np.ndarray) -> dict[str, np.ndarray]:
        seen: dict[str, np.ndarray] = {}

        def observe(node: Node, y: np.ndarray) -> None:
            if node.op in ("conv", "add", "avgpool"):
                flat = y.reshape(-1)
                step = max(1, flat.size // _SAMPLES_PER_IMAGE) | 1
                seen[node.name] = flat[::step].copy()

        network.forward(to_input(image[None]), observe)
        return seen

    samples = exact.for_each(look, pixels)
    scales = {name: activation_scale(np.concatenate([seen[name] for seen in samples])) for name in samples[0]}
    scales["image"] = np.float32(INPUT_SCALE)
    for node in network.topology.nodes:
        if node.op == "maxpool":
            scales[node.name] = scales[node.inputs[0]]
    return scales


@dataclass
class _Graph:
    """Collects nodes and constants; every tensor that is quantised is known by its real value's name."""

    nodes: list[onnx.NodeProto]
    constants: list[TensorProto]

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op: str, name: str, inputs: list[str], output: str, **attributes) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, **attributes))
        return output

    def quantised(self, real: str, scale: np.float32) -> str:
        """Puts a quantiser behind `real` and returns the dequantised tensor."""
        parameters = [self.constant(f"{real}_scale", np.float32(scale)), self.constant(f"{real}_zero", np.int8(0))]
        self.node("QuantizeLinear", f"{real}_quantise", [real, *parameters], f"{real}_q")
        return self.node("DequantizeLinear", f"{real}_dequantise", [f"{real}_q", *parameters], f"{real}_dq")

    def weights(self, name: str, value: np.ndarray, scales: np.ndarray) -> str:
        """int8 or int32 constant behind a DequantizeLinear along axis 0."""
        inputs = [self.constant(f"{name}_q", value), self.constant(f"{name}_scale", scales)]
        inputs.append(self.constant(f"{name}_zero", np.zeros(scales.shape, value.dtype)))
        return self.node("DequantizeLinear", f"{name}_dequantise", inputs, f"{name}_dq", axis=0)


def quantise_weights(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per output channel (axis 0): int8 in -127..127 and float32 scales."""
    flat = weights.reshape(len(weights), -1)
    scales = np.maximum(np.abs(flat).max(axis=1) / 127, 1e-8).astype(np.float32)
    steps = np.rint(flat / scales.astype(np.float64)[:, None])
    return np.clip(steps, -127, 127).astype(np.int8).reshape(weights.shape), scales


def build_onnx(network: FloatNetwork, scales: dict[str, np.float32], labels: list[str]) -> onnx.ModelProto:
    topology = network.topology
    graph = _Graph([], [])
    real = {"image": graph.quantised("image", scales["image"])}
    for node in topology.nodes:
        inputs = [real[source] for source in node.inputs]
        if node.op in ("conv", "fc"):
            output = _weighted(graph, network, node, inputs[0], scales[node.inputs[0]])
        elif node.op == "add":
            output = graph.node("Add", node.name, inputs, f"{node.name}_out")
        elif node.op == "maxpool":
            output = graph.node(
                "MaxPool",
                node.name,
                inputs,
                f"{node.name}_out",
                kernel_shape=[node.kernel] * 2,
                strides=[node.stride] * 2,
                pads=[node.pad] * 4,
            )
        else:
            output = graph.node("GlobalAveragePool", node.name, inputs, f"{node.name}_out")
        if node.relu:
            output = graph.node("Relu", f"{node.name}_relu", [output], f"{node.name}_relu_out")
        if node.op != "fc":
            real[node.name] = graph.quantised(output, scales[node.name])
    return _model(graph, topology, labels)


def _weighted(graph: _Graph, network: FloatNetwork, node: Node, source: str, scale: np.float32) -> str:
    weights = network.weights[node.name].transpose(0, 3, 1, 2)
    if node.op == "fc":
        weights = weights[:, :, 0, 0]
    quantised, weight_scales = quantise_weights(np.ascontiguousarray(weights))
    bias_scales = (scale * weight_scales).astype(np.float32)
    bias = np.rint(network.biases[node.name] / bias_scales.astype(np.float64))
    if np.abs(bias).max() >= 2**31:
        raise ValueError(f"{node.name}: a bias does not fit int32")
    operands = [
        graph.weights(f"{node.name}_weights", quantised, weight_scales),
        graph.weights(f"{node.name}_bias", bias.astype(np.int32), bias_scales),
    ]
    if node.op == "fc":
        flat = graph.node("Flatten", "flatten", [source], "flatten_out", axis=1)
        return graph.node("Gemm", node.name, [flat, *operands], "logits", transB=1)
    return graph.node(
        "Conv",
        node.name,
        [source, *operands],
        f"{node.name}_out",
        kernel_shape=[node.kernel] * 2,
        strides=[node.stride] * 2,
        pads=[node.pad] * 4,
    )


def _model(graph: _Graph, topology: Topology, labels: list[str]) -> onnx.ModelProto:
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, topology.size, topology.size])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", topology.classes])
    body = helper.make_graph(graph.nodes, topology.name, [image], [logits], graph.constants)
    model = helper.make_model(
        body, producer_name="ohmic_models", ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    pixels = {"scale": INPUT_SCALE, "offset": -PIXEL_OFFSET * INPUT_SCALE, "channels": "rgb"}
    helper.set_model_props(model, {"ohmic.labels": json.dumps(labels), "ohmic.input": json.dumps(pixels)})
    onnx.checker.check_model(model, full_check=True)
    return model
