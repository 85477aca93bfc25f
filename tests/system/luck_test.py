"""A right result must not be luck: whatever the network's delays and the memory's first content, outputs are the same."""

import unittest
from concurrent.futures import ThreadPoolExecutor

from ohmic_tool import SystemTest, run_network

SEEDS = 100


class Luck(SystemTest):
    def test_random_delays_and_memory_change_cycles_and_no_output(self):
        self.shake()

    def test_with_stages_replicated_and_residuals_in_hbm(self):
        self.shake("--set", "mapping.policy=replicated", "--set", "mapping.balance_mvms=0")

    def test_with_residuals_in_relays(self):
        self.shake("--set", "mapping.policy=paper", "--set", "mapping.balance_mvms=0")

    def test_with_our_own_mapping(self):
        self.shake("--set", "mapping.policy=best", "--set", "mapping.evaluations=50")

    def shake(self, *mapping: str):
        """Every value of every edge, too."""
        plain = run_network("aimc16.yaml", "resnet_micro", *mapping, images=1)
        self.ends(plain, 0)

        def shaken(seed: int):
            return run_network(
                "aimc16.yaml",
                "resnet_micro",
                "--quiet",
                "--check",
                "layers",
                *mapping,
                "--set",
                "engine.random_delay.max_cycles=50",
                "--set",
                f"engine.random_delay.seed={seed}",
                "--set",
                "engine.fill_memory.with=random",
                "--set",
                f"engine.fill_memory.seed={seed}",
                images=1,
            )

        with ThreadPoolExecutor(2) as workers:
            runs = list(workers.map(shaken, range(1, SEEDS + 1)))
        for seed, run in enumerate(runs, 1):
            with self.subTest(seed=seed):
                self.ends(run, 0)
                self.assertEqual(run.logits[0]["logits"], plain.logits[0]["logits"])
                self.assertNotEqual(run.summary["cycles"], plain.summary["cycles"])
        self.assertGreater(len({run.summary["cycles"] for run in runs}), SEEDS // 2)

    def test_the_same_seed_gives_the_same_cycles(self):
        options = ("--set", "engine.random_delay.max_cycles=50", "--set", "engine.random_delay.seed=7")
        first = run_network("aimc16.yaml", "resnet_micro", *options, images=1)
        second = run_network("aimc16.yaml", "resnet_micro", *options, images=1, threads=2)
        self.assertEqual(first.summary["result_hash"], second.summary["result_hash"])


if __name__ == "__main__":
    unittest.main()
