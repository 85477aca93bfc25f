"""Files that onnxruntime's own quantiser makes of a small residual network, in the ways the documentation names."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import ModelProto, TensorProto, helper, load, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

SHAPE = (3, 12, 10)

OPTIONS = {
    "usual": {},
    "usual_per_channel": {"per_channel": True},
    "without_outputs": {"exclude": ["Conv", "Gemm", "MatMul", "Add"]},
    "without_outputs_per_channel": {"exclude": ["Conv", "Gemm"], "per_channel": True},
}


class _Reader(CalibrationDataReader):
    def __init__(self, images: np.ndarray):
        self.images = iter(images)

    def get_next(self) -> dict | None:
        image = next(self.images, None)
        return None if image is None else {"image": image[None]}


def _network(random: np.random.Generator) -> ModelProto:
    nodes, constants = [], []

    def constant(name: str, *shape: int) -> str:
        value = random.normal(0, np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.3, shape).astype(np.float32)
        constants.append(numpy_helper.from_array(value, name))
        return name

    def node(op: str, name: str, inputs: list[str], **attributes) -> str:
        nodes.append(helper.make_node(op, inputs, [f"{name}_out"], name=name, **attributes))
        return f"{name}_out"

    def conv(name: str, x: str, out: int, taken: int, size: int, stride: int = 1) -> str:
        weights = [constant(f"{name}_w", out, taken, size, size), constant(f"{name}_b", out)]
        return node("Conv", name, [x, *weights], kernel_shape=[size] * 2, strides=[stride] * 2, pads=[size // 2] * 4)

    x = node("Relu", "relu1", [conv("conv1", "image", 8, 3, 3)])
    x = node("MaxPool", "pool", [x], kernel_shape=[2, 2], strides=[2, 2])
    main = conv("conv3", node("Relu", "relu2", [conv("conv2", x, 12, 8, 3)]), 12, 12, 3)
    x = node("Relu", "relu3", [node("Add", "add", [main, conv("down", x, 12, 8, 1)])])
    x = node("Flatten", "flatten", [node("GlobalAveragePool", "gap", [x])], axis=1)
    x = node("Gemm", "fc", [x, constant("fc_w", 6, 12), constant("fc_b", 6)], transB=1)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, *SHAPE])
    output = helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, 6])
    body = helper.make_graph(nodes, "net", [image], [output], constants)
    return helper.make_model(body, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


def write(folder: Path, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Per way of quantising X: folder/X.onnx and the int8 image X.in; yields X and onnxruntime's logits, without its
    fusions: with them 1.31 gives other logits for some networks whose weights have a scale per channel."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    random = np.random.default_rng(seed)
    images = random.uniform(-1, 1, (16, *SHAPE)).astype(np.float32)
    plain = folder / "float.model"
    plain.write_bytes(_network(random).SerializeToString())
    for name, option in OPTIONS.items():
        extra = {"ActivationSymmetric": True, "WeightSymmetric": True}
        if "exclude" in option:
            extra["OpTypesToExcludeOutputQuantization"] = option["exclude"]
        path = folder / f"{name}.onnx"
        quantize_static(
            plain,
            path,
            _Reader(images),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            per_channel=option.get("per_channel", False),
            extra_options=extra,
        )
        graph = load(path).graph
        constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        quantiser = next(n for n in graph.node if n.op_type == "QuantizeLinear" and n.input[0] == "image")
        steps = np.rint(images[0] / constants[quantiser.input[1]]).clip(-128, 127).astype(np.int8)
        (folder / f"{name}.in").write_bytes(np.ascontiguousarray(steps.transpose(1, 2, 0)).tobytes())
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        yield name, session.run(None, {"image": images[:1]})[0][0]
