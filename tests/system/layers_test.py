"""Layers on the 16 cores of one cluster: every output right, and as many products a cycle as they are made for, with
everything included: waking the cores, their meeting at the end, and conflicts in L1."""

import re
import subprocess
import unittest

from ohmic_tool import BUILD, CONFIGS, SystemTest, ohmic

# Arguments of sw/firmware/examples/layers.c, and the least products per cycle and core.
SHAPES = {
    "3x3": ("0 64 64 3 3 1 16 8", 2.2),
    "1x1 of 64 channels": ("0 64 64 1 1 1 32 8", 2.1),
    "1x1 of 256 channels": ("0 256 64 1 1 1 32 4", 2.4),
    "depthwise 3x3": ("1 64 64 3 3 1 32 8", 0.6),
    "7x7 of a picture": ("0 3 64 7 7 2 64 2", 1.7),
}


# The same arguments, and how far the compiler's cost model may be off.
PREDICTED = {
    "0 64 64 3 3 1 16 4": 0.05,
    "0 32 48 3 3 1 7 7": 0.15,
    "0 64 64 3 3 2 16 4": 0.05,
    "0 64 64 1 1 1 32 4": 0.05,
    "0 16 64 1 1 1 32 4": 0.10,
    "0 512 256 1 1 1 1 1": 0.10,
    "0 3 64 7 7 2 64 2": 0.10,
    "0 10 10 3 3 1 16 4": 0.25,
    "1 64 64 3 3 1 32 4": 0.10,
    "1 64 64 3 3 2 16 4": 0.10,
    "1 64 64 5 5 1 16 4": 0.10,
    "1 37 37 3 3 1 13 5": 0.25,
}


def measured(arguments: str, *options: str) -> tuple[int, int]:
    """Cycles and products of the second run of a layer, whose instructions are in the caches."""
    program = BUILD / "firmware" / "layers.elf"
    run = ohmic("run", program, "--chip", CONFIGS / "aimc1.yaml", "--quiet", *options, "--", *arguments.split(), "2")
    assert run.code == 0, run.err
    cycles, macs = (int(word) for word in re.search(r"layer (\d+) (\d+)", run.out).groups())
    return cycles, macs


class Layers(SystemTest):
    def test_products_per_cycle(self):
        for name, (arguments, least) in SHAPES.items():
            cycles, macs = measured(arguments)
            with self.subTest(name):
                self.assertGreaterEqual(macs / cycles / 16, least)

    def test_cores_are_rtl(self):
        """The ISS takes the RTL's cycles for these loops, within 1 %, and the RTL's outputs are right."""
        shape = "0 16 16 3 3 1 8 2"
        self.assertAlmostEqual(measured(shape)[0] / measured(shape, "--cores", "rtl")[0], 1, delta=0.01)

    def test_the_compiler_expects_what_is_measured(self):
        for shape, delta in PREDICTED.items():
            expected = subprocess.run(
                [BUILD / "tests" / "layer_prediction", *shape.split()], capture_output=True, text=True, check=True
            ).stdout
            with self.subTest(shape):
                self.assertAlmostEqual(int(expected) / measured(shape)[0], 1, delta=delta)


if __name__ == "__main__":
    unittest.main()
