"""Trained weights as ONNX files and back, against onnxruntime and against a second computation by hand."""

import sys
import unittest
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from ohmic_models import trained
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(Path(trained.__file__).resolve().parents[1] / "train"))
from ohmic_train import networks  # noqa: E402


def random_weights(nodes: list[dict], shape: tuple[int, int, int], seed: int) -> dict[str, np.ndarray]:
    random, sizes, arrays = np.random.default_rng(seed), {nodes[0]["name"]: shape}, {}
    for node in nodes[1:]:
        channels, height, width = sizes[node["inputs"][0]]
        if node["op"] in ("conv", "gemm"):
            inputs = (channels // node["group"], *node["kernel"]) if "kernel" in node else (channels * height * width,)
            spread = np.sqrt(2 / np.prod(inputs))
            arrays[f"{node['name']}.w"] = random.normal(0, spread, (node["channels"], *inputs)).astype(np.float32)
            arrays[f"{node['name']}.b"] = random.normal(0, 0.1, node["channels"]).astype(np.float32)
        if "kernel" in node:
            top, left, bottom, right = node["pads"]
            height = (height + top + bottom - node["kernel"][0]) // node["stride"][0] + 1
            width = (width + left + right - node["kernel"][1]) // node["stride"][1] + 1
        elif node["op"] in ("mean", "gemm"):
            height = width = 1
        sizes[node["name"]] = (node["channels"], height, width)
    return arrays


def by_hand(nodes: list[dict], arrays: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """One picture, [C, H, W], window by window in double."""
    values = {nodes[0]["name"]: x.astype(float)}
    for node in nodes[1:]:
        name, x = node["name"], values[node["inputs"][0]]
        if "kernel" in node:
            top, left, bottom, right = node["pads"]
            filler = 0 if node["op"] == "conv" else -np.inf
            padded = np.pad(x, ((0, 0), (top, bottom), (left, right)), constant_values=filler)
            windows = np.lib.stride_tricks.sliding_window_view(padded, node["kernel"], (1, 2))
            windows = windows[:, :: node["stride"][0], :: node["stride"][1]]
        if node["op"] == "conv":
            y = np.einsum("cyxij,ocij->oyx", windows, arrays[f"{name}.w"]) + arrays[f"{name}.b"][:, None, None]
        elif node["op"] == "gemm":
            y = arrays[f"{name}.w"] @ x.reshape(-1) + arrays[f"{name}.b"]
        elif node["op"] == "add":
            y = x + values[node["inputs"][1]]
        elif node["op"] == "max_pool":
            y = windows.max((3, 4))
        else:
            y = x.mean((1, 2))
        values[name] = np.maximum(y, 0) if node.get("relu") else y
    return y


def description_of(name: str) -> dict:
    recipe = networks.RECIPES[name]
    data = networks.DATA[recipe.data]
    found = {"name": name, "nodes": recipe.nodes, "shape": list(data.shape), "labels": list(data.labels)}
    return {**found, "pixels": data.pixels}


class Files(unittest.TestCase):
    def test_onnxruntime_computes_what_the_nodes_say(self):
        for seed, name in enumerate(("fashion_resnet8", "vgg_small", "alexnet_small")):
            with self.subTest(name, seed=seed):
                description = description_of(name)
                arrays = random_weights(description["nodes"], description["shape"], seed)
                model = trained.write(description, arrays)
                picture = np.random.default_rng(seed).normal(0, 1, description["shape"]).astype(np.float32)
                session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
                (found,) = session.run(None, {"image": picture[None]})
                np.testing.assert_allclose(found[0], by_hand(description["nodes"], arrays, picture), atol=1e-4)

    def test_what_was_written_is_read_again(self):
        for name in networks.RECIPES:
            with self.subTest(name):
                description = description_of(name)
                arrays = random_weights(description["nodes"], description["shape"], 1)
                again, read = trained.read(trained.write(description, arrays), name, None)
                self.assertEqual(again["nodes"], description["nodes"])
                self.assertEqual((again["shape"], again["pixels"]), (description["shape"], description["pixels"]))
                self.assertEqual(set(read), set(arrays))
                for key, value in arrays.items():
                    np.testing.assert_array_equal(read[key], value)

    def test_the_networks_are_those_that_are_meant(self):
        """Weights of convolutions and matrices, counted by hand."""
        shortcuts = 16 * 32 + 32 * 64
        counts = {
            "cifar_resnet8": 27 * 16 + 2 * 2304 + (16 + 32) * 32 * 9 + (32 + 64) * 64 * 9 + shortcuts + 640,
            "vgg_small": 9 * (3 * 32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128) + 2048 * 128 + 1280,
            "vgg_wide": 9 * (3 * 64 + 64 * 64 + 64 * 128 + 128 * 128 + 128 * 256 + 256 * 256) + 4096 * 256 + 2560,
            "alexnet_small": 25 * (3 * 48 + 48 * 96)
            + 9 * (96 * 128 + 128 * 128 + 128 * 96)
            + 1536 * 256
            + 256 * 256
            + 2560,
        }
        for name, count in counts.items():
            description = description_of(name)
            arrays = random_weights(description["nodes"], description["shape"], 1)
            self.assertEqual(sum(v.size for key, v in arrays.items() if key.endswith(".w")), count, name)
        layers = [n for n in description_of("cifar_resnet20")["nodes"] if n["op"] in ("conv", "gemm")]
        self.assertEqual(len(layers), 20 + 2, "and two shortcuts")

    def test_quantised_weights_are_read_as_real_ones(self):
        """Of a QDQ file: int8 with a scale per output channel, its maps' quantisers left out."""
        values = np.array([[[[2]], [[-3]]], [[[4]], [[127]]]], np.int8)
        constants = {"w": values, "s": np.float32([0.5, 0.25]), "z": np.zeros(2, np.int8), "one": np.float32(0.1)}
        constants |= {"zero": np.int8(0), "f": np.float32([[1, 2], [3, 4]]), "b": np.float32([5, 6])}
        nodes = [
            helper.make_node("QuantizeLinear", ["x", "one", "zero"], ["xq"]),
            helper.make_node("DequantizeLinear", ["xq", "one", "zero"], ["xd"]),
            helper.make_node("DequantizeLinear", ["w", "s", "z"], ["wd"], axis=0),
            helper.make_node("Conv", ["xd", "wd"], ["c"], name="conv"),
            helper.make_node("Relu", ["c"], ["r"]),
            helper.make_node("GlobalAveragePool", ["r"], ["m"], name="mean"),
            helper.make_node("Flatten", ["m"], ["flat"]),
            helper.make_node("Gemm", ["flat", "f", "b"], ["y"], name="fc"),
        ]
        model = self.model(nodes, constants)
        description, arrays = trained.read(model, "net", {"scale": 1})
        np.testing.assert_array_equal(arrays["conv.w"][:, :, 0, 0], [[1, -1.5], [1, 31.75]])
        np.testing.assert_array_equal(arrays["conv.b"], [0, 0])
        np.testing.assert_array_equal(arrays["fc.w"], [[1, 3], [2, 4]], "not transposed in the file")
        np.testing.assert_array_equal(arrays["fc.b"], [5, 6])
        self.assertEqual([n["op"] for n in description["nodes"]], ["input", "conv", "mean", "gemm"])
        self.assertTrue(description["nodes"][1]["relu"])

    def model(self, nodes: list, constants: dict) -> onnx.ModelProto:
        graph = helper.make_graph(
            nodes,
            "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2, 4, 4])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])],
            [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])

    def test_what_cannot_be_trained_is_named(self):
        constants = {"w": np.zeros((2, 2, 3, 3), np.float32), "f": np.zeros((2, 2), np.float32)}
        gemm = helper.make_node("Gemm", ["c", "f"], ["y"], name="fc")
        for nodes, said in (
            ([helper.make_node("Sigmoid", ["x"], ["c"], name="odd"), gemm], "'odd' (Sigmoid)"),
            ([helper.make_node("Conv", ["x", "w"], ["c"], name="odd", dilations=[2, 2]), gemm], "dilated"),
            ([helper.make_node("Conv", ["x", "w"], ["c"], name="odd", auto_pad="SAME_UPPER"), gemm], "auto_pad"),
            ([helper.make_node("Conv", ["x", "x"], ["c"], name="odd"), gemm], "input 1 is not a constant"),
            ([helper.make_node("Conv", ["x", "w"], ["y"], name="odd")], "does not end with a Gemm"),
        ):
            with self.subTest(said), self.assertRaises(trained.NotTrainable) as refused:
                trained.read(self.model(nodes, constants), "net", {"scale": 1})
            self.assertIn(said, str(refused.exception))
        conv = helper.make_node("Conv", ["x", "w"], ["c"], name="conv")
        for pixels, said in ((None, "give --input"), ({"channels": "bgr"}, "bgr")):
            with self.subTest(said), self.assertRaises(trained.NotTrainable) as refused:
                trained.read(self.model([conv, gemm], constants), "net", pixels)
            self.assertIn(said, str(refused.exception))


if __name__ == "__main__":
    unittest.main()
