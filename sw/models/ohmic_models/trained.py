"""Weights of sw/models/train as ONNX and back: `python -m ohmic_models.trained write IN.npz OUT.onnx` makes a float file
that `ohmic calibrate` quantises; `read IN.onnx OUT.npz` takes nodes and weights of a float or QDQ file, for training that
goes on from them. Nodes: ../train/ohmic_train/networks.py."""

import argparse
import gzip
import io
import json
import sys
import zlib
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper, numpy_helper

from ohmic_models import whole_file


class NotTrainable(Exception):
    """What a file holds that training does not know: one line for the user."""


def write(description: dict, arrays: dict[str, np.ndarray]) -> onnx.ModelProto:
    nodes, made, constants = [], {}, []

    def add(op: str, name: str, inputs: list[str], **attributes) -> str:
        nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def constant(name: str) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(arrays[name], np.float32), name))
        return name

    for node in description["nodes"]:
        name, inputs = node["name"], [made[source] for source in node["inputs"]]
        if node["op"] == "input":
            made[name] = name
            continue
        window = {}
        if "kernel" in node:
            window = {"kernel_shape": node["kernel"], "strides": node["stride"], "pads": node["pads"]}
        if node["op"] == "conv":
            weights = [constant(f"{name}.w"), constant(f"{name}.b")]
            result = add("Conv", name, [*inputs, *weights], group=node["group"], **window)
        elif node["op"] == "gemm":
            flat = add("Flatten", f"{name}.flat", inputs, axis=1)
            result = add("Gemm", name, [flat, constant(f"{name}.w"), constant(f"{name}.b")], transB=1)
        elif node["op"] == "add":
            result = add("Add", name, inputs)
        elif node["op"] == "max_pool":
            result = add("MaxPool", name, inputs, **window)
        else:
            result = add("GlobalAveragePool", name, inputs)
        made[name] = add("Relu", f"{name}.relu", [result]) if node.get("relu") else result
    first, last = description["nodes"][0]["name"], description["nodes"][-1]
    graph = helper.make_graph(
        nodes,
        description["name"],
        [helper.make_tensor_value_info(first, TensorProto.FLOAT, ["N", *description["shape"]])],
        [helper.make_tensor_value_info(made[last["name"]], TensorProto.FLOAT, ["N", last["channels"]])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="ohmic")
    properties = {"ohmic.labels": description["labels"], "ohmic.input": description["pixels"]}
    helper.set_model_props(model, {key: json.dumps(value) for key, value in properties.items()})
    onnx.checker.check_model(model)
    return model


def _attributes(node: onnx.NodeProto) -> dict:
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


class _Reader:
    def __init__(self, model: onnx.ModelProto):
        self.graph = model.graph
        self.constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        self.made = {}  # value: name of the node of ours that makes it
        self.nodes, self.arrays = [], {}

    def fail(self, node: onnx.NodeProto, why: str):
        raise NotTrainable(f"node '{node.name or node.output[0]}' ({node.op_type}): {why}")

    def constant(self, node: onnx.NodeProto, index: int) -> np.ndarray:
        if index >= len(node.input) or node.input[index] not in self.constants:
            self.fail(node, f"input {index} is not a constant")
        return self.constants[node.input[index]]

    def source(self, node: onnx.NodeProto, index: int = 0) -> str:
        if node.input[index] not in self.made:
            self.fail(node, f"nothing known makes '{node.input[index]}'")
        return self.made[node.input[index]]

    def channels(self, name: str) -> int:
        return next(n["channels"] for n in self.nodes if n["name"] == name)

    def enter(self, node: onnx.NodeProto, op: str, channels: int, inputs: list[str], **attributes) -> None:
        name = node.name or node.output[0]
        self.nodes.append({"op": op, "name": name, "inputs": inputs, "channels": channels, **attributes})
        self.made[node.output[0]] = name

    def window(self, node: onnx.NodeProto, kernel: list[int], a: dict) -> dict:
        if a.get("auto_pad", b"NOTSET") not in (b"", b"NOTSET") or a.get("ceil_mode", 0):
            self.fail(node, "auto_pad and ceil_mode are not trained")
        if any(d != 1 for d in a.get("dilations", [1])):
            self.fail(node, "dilated windows are not trained")
        return {"kernel": kernel, "stride": list(a.get("strides", [1, 1])), "pads": list(a.get("pads", [0] * 4))}

    def weights(self, node: onnx.NodeProto, weight: np.ndarray) -> None:
        name = node.name or node.output[0]
        self.arrays[f"{name}.w"] = weight.astype(np.float32)
        bias = self.constant(node, 2) if len(node.input) > 2 and node.input[2] else np.zeros(1)
        self.arrays[f"{name}.b"] = np.broadcast_to(bias, weight.shape[:1]).astype(np.float32)

    def read(self, node: onnx.NodeProto) -> None:
        a, op = _attributes(node), node.op_type
        if op == "DequantizeLinear" and node.input[0] in self.constants:
            values, scale = self.constant(node, 0), np.asarray(self.constant(node, 1))
            if scale.ndim == 1:
                scale = scale.reshape([-1 if d == a.get("axis", 1) % values.ndim else 1 for d in range(values.ndim)])
            self.constants[node.output[0]] = (values * scale.astype(np.float64)).astype(np.float32)
        elif op in ("QuantizeLinear", "DequantizeLinear", "Flatten", "Reshape", "Squeeze", "Identity", "Dropout"):
            self.made[node.output[0]] = self.source(node)
        elif op == "Relu":
            maker = next(n for n in self.nodes if n["name"] == self.source(node))
            if maker["op"] not in ("conv", "gemm", "add"):
                self.fail(node, "only one behind Conv, Gemm or Add is trained")
            if sum(node.input[0] in other.input for other in self.graph.node) != 1:
                self.fail(node, "its input is read by others too")
            maker["relu"] = True
            self.made[node.output[0]] = maker["name"]
        elif op == "Conv":
            weight = self.constant(node, 1)
            window = self.window(node, list(weight.shape[2:]), a)
            self.weights(node, weight)
            self.enter(node, "conv", len(weight), [self.source(node)], relu=False, group=a.get("group", 1), **window)
        elif op == "Gemm":
            if a.get("alpha", 1) != 1 or a.get("beta", 1) != 1 or a.get("transA", 0):
                self.fail(node, "alpha, beta and transA are not trained")
            weight = self.constant(node, 1)
            weight = weight if a.get("transB", 0) else weight.T
            self.weights(node, weight)
            self.enter(node, "gemm", len(weight), [self.source(node)], relu=False)
        elif op == "Add":
            sources = [self.source(node, i) for i in range(2)]
            self.enter(node, "add", self.channels(sources[0]), sources, relu=False)
        elif op == "MaxPool":
            source = self.source(node)
            window = self.window(node, list(a["kernel_shape"]), a)
            self.enter(node, "max_pool", self.channels(source), [source], **window)
        elif op == "GlobalAveragePool":
            source = self.source(node)
            self.enter(node, "mean", self.channels(source), [source])
        else:
            self.fail(node, "is not trained")


def read(model: onnx.ModelProto, name: str, pixels: dict | None) -> tuple[dict, dict[str, np.ndarray]]:
    """Nodes and float weights of a network; `pixels` says how its input comes from pixels where the file does not."""
    reader = _Reader(model)
    inputs = [i for i in model.graph.input if i.name not in reader.constants]
    if len(inputs) != 1:
        raise NotTrainable(f"has {len(inputs)} inputs")
    shape = [d.dim_value for d in inputs[0].type.tensor_type.shape.dim][1:]
    if len(shape) != 3 or min(shape) < 1:
        raise NotTrainable(f"its input's shape is {shape}, not channels, height and width")
    reader.nodes.append({"op": "input", "name": inputs[0].name, "inputs": [], "channels": shape[0]})
    reader.made[inputs[0].name] = inputs[0].name
    for node in model.graph.node:
        reader.read(node)
    if reader.nodes[-1]["op"] != "gemm" or reader.nodes[-1]["relu"]:
        raise NotTrainable("does not end with a Gemm")
    properties = {p.key: p.value for p in model.metadata_props}
    pixels = pixels or json.loads(properties.get("ohmic.input", "null"))
    if pixels is None:
        raise NotTrainable("nothing says how pixels become its input: give --input")
    if set(pixels) - {"scale", "offset", "mean", "std", "channels"} or pixels.get("channels", "rgb") not in (
        "rgb",
        "grey",
    ):
        raise NotTrainable(f"its input is made of pixels in a way that training does not know: {json.dumps(pixels)}")
    description = {"name": name, "nodes": reader.nodes, "shape": shape, "pixels": pixels}
    return description, reader.arrays


def load(file: Path) -> tuple[dict, dict[str, np.ndarray]]:
    with np.load(file) as content:
        arrays = {key: content[key] for key in content.files}
    return json.loads(str(arrays.pop("description"))), arrays


def summary(description: dict, evaluated: dict) -> dict:
    """What lies beside a trained network: how it was trained, and its accuracy over all test images."""
    share = {key: evaluated[key]["accuracy"] for key in ("float", "int8", "int8_adc")}
    kept = ("name", "data", "epochs", "batch", "rate", "noise", "seed", "seconds")
    return {**{key: description[key] for key in kept}, "images": evaluated["images"], "accuracy": share}


def load_network(file: Path) -> onnx.ModelProto:
    """NAME.onnx, or packed by gzip NAME.onnx.gz."""
    data = file.read_bytes()
    return onnx.load_from_string(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data)


def main() -> int:
    parser = argparse.ArgumentParser(prog="ohmic_models.trained", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    to_onnx = commands.add_parser("write", help="a float ONNX file of trained weights")
    of_onnx = commands.add_parser("read", help="weights of a float or QDQ ONNX file")
    of_onnx.add_argument("--input", help='how pixels become its input, as JSON: {"scale": 1}')
    about = commands.add_parser("summarise", help="how it was trained, and how good it is")
    for command in (to_onnx, of_onnx, about):
        command.add_argument("source", type=Path)
        if command is about:
            command.add_argument("evaluated", type=Path, help="JSON of `ohmic evaluate`")
        command.add_argument("out", type=Path)
    a = parser.parse_args()
    try:
        if a.command == "write":
            model = write(*load(a.source))
            whole_file.write(a.out, model.SerializeToString(deterministic=True))
        elif a.command == "summarise":
            found = summary(load(a.source)[0], json.loads(a.evaluated.read_text()))
            whole_file.write(a.out, (json.dumps(found, indent=2) + "\n").encode())
        else:
            pixels = json.loads(a.input) if a.input else None
            description, arrays = read(load_network(a.source), a.source.name.split(".")[0], pixels)
            file = io.BytesIO()
            np.savez(file, description=np.array(json.dumps(description)), **arrays)
            whole_file.write(a.out, file.getvalue())
    except (NotTrainable, OSError, EOFError, zlib.error, ValueError, KeyError, DecodeError) as error:
        print(f"train: {a.source}: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
