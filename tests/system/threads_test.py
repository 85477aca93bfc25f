"""Threads and windows change wall time and nothing else."""

import unittest

from ohmic_tool import SystemTest, run_network, run_program


class SameResult(SystemTest):
    def test_one_to_four_threads(self):
        hashes = {}
        for threads in (1, 2, 3, 4):
            run = run_network("aimc16.yaml", "resnet_micro", images=4, threads=threads)
            self.ends(run, 0)
            hashes[threads] = run.summary["result_hash"], run.summary["retired_instructions"]
        self.assertEqual(len(set(hashes.values())), 1, hashes)

    def test_a_window_of_one_cycle_equals_the_exact_window(self):
        exact = run_network("aimc64.yaml", "resnet_tiny", images=4)
        single = run_network("aimc64.yaml", "resnet_tiny", "--window", 1, images=4)
        self.ends(exact, 0)
        self.ends(single, 0)
        self.assertEqual(exact.summary["result_hash"], single.summary["result_hash"])
        self.assertEqual(single.summary["window"], 1)
        self.assertGreater(exact.summary["window"], 1)

    def test_console_lines_come_whole_and_in_the_same_order(self):
        one = run_program("hello", "--threads", 1)
        three = run_program("hello", "--threads", 3)
        self.ends(one, 0)
        self.assertEqual(one.out, three.out)
        lines = one.out.splitlines()
        self.assertEqual(
            sorted(lines),
            sorted(
                f"[{cluster}.{core}] hello from cluster {cluster} core {core} of 16"
                for cluster in range(4)
                for core in range(16)
            ),
        )


if __name__ == "__main__":
    unittest.main()
