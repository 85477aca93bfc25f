"""The C++ reference's exact form against onnxruntime, each layer by itself: fed with onnxruntime's own int8 inputs, it
must give onnxruntime's outputs but for 1e-5 of the elements, which differ by one LSB.
Usage: onnxruntime_layers_test.py EXACT_LAYERS NETWORKS_FOLDER; exit code 77 if onnxruntime or the networks are missing."""

import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import onnx
    import onnxruntime
    from ohmic_models import integer_model, integer_reference, photographs
    from onnx import TensorProto, helper
except ImportError as error:
    print(f"SKIPPED: {error}")
    sys.exit(77)

_ALLOWED = 1e-5


def onnxruntime_values(path: Path, model: integer_model.IntegerModel, images: Path, count: int) -> dict:
    """Every int8 map of the network, [image, height, width, channel], and the float logits, by tensor name."""
    document = onnx.load(path)
    for tensor in [model.source, *(layer.output for layer in model.layers[:-1])]:
        document.graph.output.append(helper.make_tensor_value_info(tensor, TensorProto.INT8, None))
    _, pixels = photographs.read_folder(images, model.size)
    real = integer_reference.real_pixels(model, pixels[:count]).transpose(0, 3, 1, 2)
    session = onnxruntime.InferenceSession(document.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    values = dict(zip(names, session.run(None, {session.get_inputs()[0].name: real}), strict=True))
    return {name: value.transpose(0, 2, 3, 1) if value.ndim == 4 else value for name, value in values.items()}


def compare(tool: Path, folder: Path, count: int) -> bool:
    path = folder / f"{folder.name}.onnx"
    model = integer_model.load(path)
    values = onnxruntime_values(path, model, folder / "photos", count)
    image_name = onnx.load(path).graph.input[0].name
    tensors = {image_name: model.source, **{layer.name: layer.output for layer in model.layers[:-1]}}
    with tempfile.TemporaryDirectory() as scratch:
        given, found = Path(scratch) / "in", Path(scratch) / "out"
        given.mkdir()
        found.mkdir()
        for name, tensor in tensors.items():
            (given / f"{name}.bin").write_bytes(np.ascontiguousarray(values[tensor]).tobytes())
        subprocess.run([tool, path, given, found], check=True)
        different = elements = 0
        for layer in model.layers[:-1]:
            expected = values[layer.output].astype(int).reshape(-1)
            gap = np.abs(np.fromfile(found / f"{layer.name}.bin", np.int8).astype(int) - expected)
            if gap.max() > (0 if layer.op == "MaxPool" else 1):
                print(f"{folder.name}: {layer.name} differs by {gap.max()}")
                return False
            different, elements = different + int((gap > 0).sum()), elements + gap.size
        last = model.layers[-1]
        logits = np.fromfile(found / f"{last.name}.bin", np.int32).reshape(values["logits"].shape)
    scale = float(last.input_scales[0]) * last.weight_scales.astype(np.float64)
    worst = np.abs(logits * scale - values["logits"]).max()
    print(f"{folder.name}: {different} of {elements} elements differ by one LSB, logits by at most {worst:.1e}")
    return different < _ALLOWED * elements + 1 and worst < 1e-4


def main() -> int:
    tool, networks = Path(sys.argv[1]), Path(sys.argv[2])
    built = [
        (networks / name, count)
        for name, count in (("resnet_micro", 16), ("resnet_tiny", 16), ("resnet18", 2))
        if (networks / name).is_dir()
    ]
    if not built:
        print(f"SKIPPED: no networks in {networks}")
        return 77
    return 0 if all([compare(tool, folder, count) for folder, count in built]) else 1


if __name__ == "__main__":
    sys.exit(main())
