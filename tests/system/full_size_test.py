"""Smoke runs of the full chip: 512 clusters, 8192 cores."""

import json
import tempfile
import unittest
from pathlib import Path

from ohmic_tool import SystemTest, run_network, run_program


class FullSize(SystemTest):
    def test_every_core_of_8192_says_hello(self):
        run = run_program("hello", chip="aimc512.yaml")
        self.ends(run, 0)
        self.assertEqual(len(set(run.out.splitlines())), 512 * 16)

    def test_every_core_computes(self):
        with tempfile.TemporaryDirectory() as scratch:
            figures = Path(scratch) / "figures.json"
            self.ends(run_program("dot8192", "--json", figures, "--", "1", chip="aimc512.yaml"), 0)
            self.assertGreater(json.loads(figures.read_text())["retired_instructions"], 8192 * 1000)

    def test_a_network_on_the_full_chip(self):
        run = run_network("aimc512.yaml", "resnet_tiny", images=2)
        self.ends(run, 0)
        self.assertEqual(run.summary["chip"]["clusters"], 512)
        self.assertEqual(run.summary["golden"]["mismatching_values"], 0)


if __name__ == "__main__":
    unittest.main()
