"""Layers on the 16 cores of one cluster: every output right, and as many products a cycle as they are made for, with
everything included: waking the cores, their meeting at the end, and conflicts in L1."""

import re
import unittest

from ohmic_tool import BUILD, CONFIGS, SystemTest, ohmic

# Arguments of sw/firmware/examples/layers.c, and the least products per cycle and core.
SHAPES = {
    "3x3": ("0 64 64 3 3 1 16 8 2", 2.2),
    "1x1 of 64 channels": ("0 64 64 1 1 1 32 8 2", 2.1),
    "1x1 of 256 channels": ("0 256 64 1 1 1 32 4 2", 2.4),
    "depthwise 3x3": ("1 64 64 3 3 1 32 8 2", 0.6),
    "7x7 of a picture": ("0 3 64 7 7 2 64 2 2", 1.7),
}


class Layers(SystemTest):
    def test_products_per_cycle(self):
        for name, (arguments, least) in SHAPES.items():
            run = ohmic(
                "run",
                BUILD / "firmware" / "layers.elf",
                "--chip",
                CONFIGS / "aimc1.yaml",
                "--quiet",
                "--",
                *arguments.split(),
            )
            self.ends(run, 0)
            cycles, macs = (int(word) for word in re.search(r"layer (\d+) (\d+)", run.out).groups())
            with self.subTest(name):
                self.assertGreaterEqual(macs / cycles / 16, least)

    def test_cores_are_rtl(self):
        """The ISS takes the RTL's cycles for these loops, within 1 %, and the RTL's outputs are right."""
        cycles = {}
        for cores in ("iss", "rtl"):
            run = ohmic(
                "run",
                BUILD / "firmware" / "layers.elf",
                "--chip",
                CONFIGS / "aimc1.yaml",
                "--quiet",
                "--cores",
                cores,
                "--",
                *"0 16 16 3 3 1 8 2 2".split(),
            )
            self.ends(run, 0)
            cycles[cores] = int(re.search(r"layer (\d+)", run.out).group(1))
        self.assertAlmostEqual(cycles["iss"] / cycles["rtl"], 1, delta=0.01)


if __name__ == "__main__":
    unittest.main()
