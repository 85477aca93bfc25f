"""The checks notice: each deliberate fault ends as a mismatch or dead-lock that names its place."""

import collections
import re
import unittest

from ohmic_tool import BUILD, SystemTest, run_network


class Faults(SystemTest):
    def faulty(self, fault: str, *options: str, images: int = 2):
        words = ("--inject", fault, "--check", "layers", *options)
        return run_network("aimc16.yaml", "resnet_micro", *words, images=images)

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

    def test_a_stuck_column_is_found_and_named(self):
        for column in (0, 5):
            with self.subTest(column=column):
                run = self.faulty(f"stuck-column={column + 1}", "--set", "analog.model=pcm")
                self.names_first_layer(run, "conv1")
                self.assertEqual(run.summary["golden_layers"]["first_mismatch"]["channel"], column)
                self.assertRegex(run.err, rf"instead of -?\d+ \(crossbar column {column} of cluster \d+")
        self.refuses(self.faulty("stuck-column=1"), "stuck-column", "analog.model=pcm")
        self.refuses(
            self.faulty("stuck-column=100000", "--set", "analog.model=pcm"), "stuck-column=100000", "fewer columns"
        )

    def test_lost_writes_are_noticed(self):
        """A lost write of data differs; a lost frontier or doorbell stops the run, unless a later one makes up for it."""
        codes = collections.Counter()
        never = self.faulty("drop-write=1000000000", images=1)
        writes = int(re.search(r"only (\d+) writes entered", never.err)[1])
        for n in range(1, writes + 1, max(1, writes // 60)):
            with self.subTest(drop_write=n):
                run = self.faulty(f"drop-write={n}", images=1)
                codes[run.code] += 1
                self.assertIn(run.code, (0, 1, 3), run.err)
                if run.code == 3:
                    self.assertRegex(run.err, r"dead-lock in cycle \d+")
                    self.assertRegex(
                        run.err, r"cluster \d+ \(.*\): core 0 waits for event lines|none has ended the run"
                    )
                if run.code == 1:
                    self.assertRegex(run.err, r"first difference: layer \w+ of image 0")
        self.assertGreaterEqual(codes[1], 5, codes)
        self.assertGreaterEqual(codes[3], 5, codes)

    def test_a_write_that_never_comes_is_a_mistake(self):
        run = self.faulty("drop-write=1000000000", images=1)
        self.refuses(run, "drop-write=1000000000", "never reached", "writes entered the network")
        self.assertEqual(run.files, [])

    def test_a_skipped_barrier_is_noticed(self):
        """The same executor, but core 1 of each cluster does not arrive at the end of a kernel."""
        run = run_network(
            "aimc16.yaml",
            "resnet_micro",
            "--check",
            "layers",
            "--firmware",
            BUILD / "firmware" / "test_skipped_barrier.elf",
        )
        self.ends(run, 3)
        self.assertRegex(run.err, r"cluster 0 \(conv1: .*\): core 0 waits for event lines 0x[0-9a-f]*8000")


if __name__ == "__main__":
    unittest.main()
