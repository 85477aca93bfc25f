"""Resources bind as the deployment's bound says, and no run is faster than its bound.

Compared is what one more image costs in the steady state (the difference of two runs), because filling the pipeline and
booting are in no bound."""

import unittest

from ohmic_tool import SystemTest, run_network


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
        before, bound_before = self.cost("--set", "ima.mvm_ns=1")
        after, bound_after = self.cost("--set", "ima.mvm_ns=1", "--set", "cluster.cores=2")
        self.assertGreater(bound_after, 4 * bound_before)
        # The bound counts inner loops alone; beside them kernels have prologues and the master its own work.
        growth = (after - before) / (bound_after - bound_before)
        self.assertGreaterEqual(growth, 0.9)
        self.assertLessEqual(growth, 3)

    def test_an_eighth_of_the_link_width_costs_no_less_than_the_bound_says(self):
        fast_crossbars = ("--set", "ima.mvm_ns=1")
        wide = run_network(
            "aimc64.yaml", "resnet_tiny", *fast_crossbars, "--set", "network.width=[32, 32, 32, 32]", images=4
        )
        narrow = run_network(
            "aimc64.yaml", "resnet_tiny", *fast_crossbars, "--set", "network.width=[4, 4, 4, 4]", images=4
        )
        for run in (wide, narrow):
            self.ends(run, 0)
            self.assertGreaterEqual(run.summary["cycles"], run.summary["bound_cycles"])
        growth = narrow.summary["bound_cycles"] - wide.summary["bound_cycles"]
        self.assertGreater(growth, 0)
        self.assertGreaterEqual(narrow.summary["cycles"] - wide.summary["cycles"], growth)


if __name__ == "__main__":
    unittest.main()
