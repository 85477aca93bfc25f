"""The checks notice: each deliberate fault ends as a mismatch or dead-lock that names its place."""

import re
import unittest

from ohmic_tool import SystemTest, run_network


class Faults(SystemTest):
    def faulty(self, fault: str, *options):
        return run_network("aimc16.yaml", "resnet_micro", "--inject", fault, "--check", "layers", *options)

    def names_first_layer(self, run, layer: str) -> None:
        self.ends(run, 1)
        first = run.summary["golden_layers"]["first_mismatch"]
        self.assertEqual(first["layer"], layer, first)
        self.assertNotEqual(first["expected"], first["found"])
        self.assertRegex(run.err, rf"first difference: layer {layer} of image \d+ at x \d+, y \d+, channel \d+: ")
        self.assertGreater(run.summary["golden"]["mismatching_values"], 0)

    def test_no_fault_no_mismatch(self):
        self.ends(run_network("aimc16.yaml", "resnet_micro", "--check", "layers"), 0)

    def test_a_flipped_weight_bit_is_found_in_its_layer(self):
        self.names_first_layer(self.faulty("flip-weight=1"), "conv1")

    def test_a_wrong_requantise_constant_is_found_in_its_layer(self):
        self.names_first_layer(self.faulty("wrong-constant=3"), "conv1")

    def test_lost_writes_are_noticed(self):
        """A lost write of data differs, a lost frontier or doorbell stops the run; a start-up's may do neither."""
        codes = {}
        for n in (40, 60, 80, 100, 150, 200, 300):
            run = self.faulty(f"drop-write={n}")
            codes[n] = run.code
            self.assertIn(run.code, (0, 1, 3), run.err)
            if run.code == 3:
                self.assertRegex(run.err, r"dead-lock in cycle \d+")
                self.assertRegex(run.err, r"cluster \d+: master waits for")
            if run.code == 1:
                self.assertIn("first difference: layer", run.err)
        self.assertGreaterEqual(sum(code != 0 for code in codes.values()), 5, codes)

    def test_a_skipped_barrier_is_noticed(self):
        run = self.faulty("skip-barrier=7")
        self.assertIn(run.code, (1, 3), run.err)
        self.assertTrue(re.search(r"first difference: layer \w+", run.err) or "dead-lock" in run.err, run.err)


if __name__ == "__main__":
    unittest.main()
