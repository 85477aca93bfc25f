"""Row sets: the counts of the architecture's definition, and that the sets of a layer partition its weights."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
from ohmic_models import integer_model, integer_reference
from ohmic_models.calibrate import make_row_sets
from ohmic_models.float_network import FloatNetwork
from ohmic_models.quantise import build_onnx
from ohmic_models.topology import resnet18


class RowSets(unittest.TestCase):
    def test_layers_of_resnet18_have_the_defined_number_of_sets(self):
        layers = {(3, 7): 1, (64, 3): 3, (128, 3): 6, (256, 3): 10, (512, 3): 19, (64, 1): 1, (256, 1): 1, (512, 1): 2}
        for (channels, kernel), count in layers.items():
            self.assertEqual(len(make_row_sets(channels, kernel, kernel, 256)), count, (channels, kernel))

    def test_sets_partition_the_weights_and_fit_the_crossbar(self):
        seed = 20231
        rng = np.random.default_rng(seed)
        for _ in range(300):
            channels, ky, kx = int(rng.integers(1, 600)), int(rng.integers(1, 8)), int(rng.integers(1, 8))
            covered = np.zeros((ky, kx, channels), int)
            for s in make_row_sets(channels, ky, kx, 256):
                block = covered[slice(*s.ky), slice(*s.kx), slice(*s.channels)]
                self.assertLessEqual(block.size, 256, f"seed {seed}: {channels} {ky} {kx}")
                block += 1
            self.assertTrue((covered == 1).all(), f"seed {seed}: {channels} {ky} {kx}")

    def test_sets_are_ordered_by_group_then_kernel_row(self):
        sets = make_row_sets(96, 3, 3, 256)
        self.assertEqual(
            [(s.channels, s.ky) for s in sets],
            [
                ((0, 64), (0, 1)),
                ((0, 64), (1, 2)),
                ((0, 64), (2, 3)),
                ((64, 96), (0, 1)),
                ((64, 96), (1, 2)),
                ((64, 96), (2, 3)),
            ],
        )
        self.assertEqual(
            [s.channels for s in make_row_sets(160, 3, 3, 256)],
            [(0, 28), (28, 56), (56, 84), (84, 112), (112, 140), (140, 160)],
        )

    def test_kernel_larger_than_the_crossbar_is_refused(self):
        with self.assertRaises(OverflowError):
            make_row_sets(3, 17, 17, 256)

    def test_resnet18_needs_216_crossbars_and_106248_mvms(self):
        network = FloatNetwork(resnet18())
        channels = {"image": 3}
        for node in network.topology.nodes:
            if node.op in ("conv", "fc"):
                shape = node.channels, node.kernel, node.kernel, channels[node.inputs[0]]
                network.weights[node.name] = np.ones(shape, np.float32)
                network.biases[node.name] = np.zeros(node.channels, np.float32)
            channels[node.name] = node.channels
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "ones.onnx"
            onnx.save(build_onnx(network, dict.fromkeys(channels, np.float32(1)), []), path)
            model = integer_model.load(path)
        for layer in model.layers:
            if layer.weights is not None:
                _, ky, kx, inputs = layer.weights.shape
                layer.row_sets = make_row_sets(inputs, ky, kx, 256)
        self.assertEqual(integer_reference.cost(model), integer_reference.Cost(216, 106_248))


if __name__ == "__main__":
    unittest.main()
