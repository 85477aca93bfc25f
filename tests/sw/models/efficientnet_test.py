"""EfficientNet-Lite0 from its package: weights that are read as PyTorch writes them, and a network that knows what is in
the photographs."""

import collections
import io
import os
import pickle
import struct
import sys
import tempfile
import types
import unittest
import unittest.mock
from pathlib import Path

import built_models
import numpy as np
import onnx
import onnxruntime
from ohmic_models import efficientnet, packages, photographs


class _Storage:
    """What a state dictionary refers to by a persistent id."""

    def __init__(self, kind: str, key: str, values: np.ndarray):
        self.kind, self.key, self.values = kind, key, values


class _Pickler(pickle.Pickler):
    def persistent_id(self, what):
        return ("storage", what.kind, what.key, "cpu", what.values.size, None) if isinstance(what, _Storage) else None


def legacy_file(tensors: dict, storages: list[_Storage]) -> bytes:
    """As torch.save() of versions before 1.6 writes a state dictionary."""
    file = io.BytesIO()
    for header in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(header, file, 2)
    _Pickler(file, 2).dump(tensors)
    pickle.dump([storage.key for storage in storages], file, 2)
    for storage in storages:
        file.write(struct.pack("<q", storage.values.size) + storage.values.tobytes())
    return file.getvalue()


class Weights(unittest.TestCase):
    def setUp(self):
        module = types.ModuleType("torch")
        for name in ("FloatStorage", "LongStorage"):
            setattr(module, name, type(name, (), {"__module__": "torch"}))
        utils = types.ModuleType("torch._utils")

        def rebuild(*_):
            raise AssertionError("nobody calls this")

        rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
        utils._rebuild_tensor_v2 = rebuild
        self.torch, self.rebuild = module, rebuild
        self.before = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
        sys.modules.update({"torch": module, "torch._utils": utils})

    def tearDown(self):
        for name, module in self.before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module

    def tensor(self, storage: _Storage, offset: int, shape: tuple, stride: tuple):
        rebuild = self.rebuild

        class Tensor:
            def __reduce__(self):
                return rebuild, (storage, offset, shape, stride, False, collections.OrderedDict())

        return Tensor()

    def test_are_read_with_offset_and_strides(self):
        floats = _Storage(self.torch.FloatStorage, "7", np.arange(10, dtype="<f4"))
        counts = _Storage(self.torch.LongStorage, "8", np.array([3], "<i8"))
        arrays = efficientnet.read_weights(
            legacy_file(
                {"w": self.tensor(floats, 2, (2, 3), (1, 2)), "n": self.tensor(counts, 0, (), ())}, [floats, counts]
            )
        )
        self.assertEqual(list(arrays), ["w"])
        np.testing.assert_array_equal(arrays["w"], [[2, 4, 6], [3, 5, 7]])

    def test_a_file_that_asks_for_anything_else_is_refused(self):
        class Evil:
            def __reduce__(self):
                return print, ("executed",)

        with self.assertRaisesRegex(pickle.UnpicklingError, "builtins.print|__builtin__.print"):
            efficientnet.read_weights(legacy_file({"w": Evil()}, []))


class Folder(unittest.TestCase):
    def test_is_that_of_all_models_and_has_a_stamp(self):
        """CRC-32 of "123456789" is cbf43926."""
        with tempfile.TemporaryDirectory() as scratch, unittest.mock.patch.dict(os.environ, OHMIC_MODELS=scratch):
            for data in (b"older", b"123456789"):
                written = efficientnet.write_model(data)
            self.assertEqual(written, Path(scratch) / "efficientnet_lite0" / "efficientnet_lite0.onnx")
            self.assertEqual(written.read_bytes(), b"123456789")
            lines = (written.parent / ".built_from").read_text().splitlines()
            self.assertEqual(lines[1:], ["cbf43926 9 efficientnet_lite0.onnx"])
        with unittest.mock.patch.dict(os.environ):
            os.environ.pop("OHMIC_MODELS", None)
            self.assertEqual(efficientnet.models_folder().parts[-3:], (".cache", "models", "efficientnet_lite0"))


class Network(unittest.TestCase):
    """The classes are ImageNet's: 281 to 285 cats, 665 moped, 967 espresso, 985 daisy, 657 missile, 744 projectile."""

    KNOWN = {
        "chelsea": {281, 282, 283, 284, 285},
        "motorcycle_left": {665, 670},
        "coffee": {967, 968},
        "flower": {985},
        "rocket": {657, 744},
    }

    def test_knows_what_is_in_the_photographs(self):
        try:
            data = efficientnet.build(built_models.PACKAGES / "efficientnet")
            photographs.fetch_packages(built_models.PACKAGES)
        except packages.DownloadError as error:
            raise unittest.SkipTest(str(error)) from error
        model = onnx.load_from_string(data)
        convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
        depthwise = [node for node in convolutions if any(a.name == "group" and a.i > 1 for a in node.attribute)]
        self.assertEqual((len(convolutions), len(depthwise)), (49, 16))
        session = onnxruntime.InferenceSession(data)
        originals = photographs.read_originals(built_models.PACKAGES)
        for name, classes in self.KNOWN.items():
            pixels = photographs.shrink(photographs.decode(originals[name]), 256)
            pixels = photographs.centre_crop(pixels, (224, 224))
            image = ((pixels.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None]
            with self.subTest(photograph=name):
                self.assertIn(int(session.run(None, {"image": image})[0].argmax()), classes)


if __name__ == "__main__":
    unittest.main(verbosity=2)
