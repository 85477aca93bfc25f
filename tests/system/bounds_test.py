"""Resources bind as the deployment's bound says, and no run is faster than its bound.

Compared is what one more image costs in the steady state (the difference of two runs), because filling the pipeline and
booting are in no bound."""

import unittest

from ohmic_tool import SystemTest, run_network

LARGE_MAPS = {"chip": "aimc16.yaml", "model": "resnet_wide"}


class Bounds(SystemTest):
    def cost(self, *options, chip: str = "aimc64.yaml", model: str = "resnet_tiny"):
        """Cycles and bound of one more image."""
        few = run_network(chip, model, "--quiet", *options, images=4)
        many = run_network(chip, model, "--quiet", *options, images=12)
        for run in (few, many):
            self.ends(run, 0)
            self.assertGreaterEqual(run.summary["cycles"], run.summary["bound_cycles"], options)
        return (
            (many.summary["cycles"] - few.summary["cycles"]) / 8,
            (many.summary["bound_cycles"] - few.summary["bound_cycles"]) / 8,
        )

    def test_twice_the_mvm_time_costs_twice_where_crossbars_bind(self):
        before, bound_before = self.cost("--set", "ima.mvm_ns=260")
        after, bound_after = self.cost("--set", "ima.mvm_ns=520")
        self.assertAlmostEqual(bound_after / bound_before, 2, delta=0.01)
        self.assertAlmostEqual(after / before, 2, delta=0.1)
        self.assertAlmostEqual(after / bound_after, 1, delta=0.05)

    def test_two_cores_instead_of_16_cost_what_the_kernels_bound_says_where_cores_bind(self):
        before, bound_before = self.cost("--set", "ima.mvm_ns=1", **LARGE_MAPS)
        after, bound_after = self.cost("--set", "ima.mvm_ns=1", "--set", "cluster.cores=2", **LARGE_MAPS)
        self.assertAlmostEqual(bound_after / bound_before, 15 / 2, delta=0.01)  # core 0 of 16 is the master alone
        # The bound counts nine tenths of inner loops alone; beside them kernels have prologues and the master its own work.
        growth = (after - before) / (bound_after - bound_before)
        self.assertGreaterEqual(growth, 0.95)
        self.assertLessEqual(growth, 1.3)

    def test_an_eighth_of_the_link_width_costs_what_the_bound_says_where_links_bind(self):
        """Large maps, fast crossbars and many cores: at 4 bytes the max-pool's cluster waits for its port alone."""
        others = ("--set", "ima.mvm_ns=1", "--set", "cluster.cores=64", "--set", "network.max_burst_bytes=1024")
        before, bound_before = self.cost(*others, "--set", "network.width=[32, 32, 32]", **LARGE_MAPS)
        after, bound_after = self.cost(*others, "--set", "network.width=[4, 4, 4]", **LARGE_MAPS)
        self.assertGreater(bound_after, 6 * bound_before)
        # At 32 bytes cores bind, with calls and the master's work that are in no bound; at 4 bytes links hide them.
        growth = (after - before) / (bound_after - bound_before)
        self.assertAlmostEqual(after / bound_after, 1, delta=0.02)
        self.assertGreaterEqual(growth, 0.75)
        self.assertLessEqual(growth, 1.2)


if __name__ == "__main__":
    unittest.main()
