"""What the compiler predicts is what runs take: stage by stage within 15 %, the whole run within 10 %."""

import unittest

from ohmic_tool import SystemTest, run_network

FEW_CORES = ("--set", "cluster.cores=4")
OTHER_TREES = ("--set", "mapping.reduction_fan_in=2")
LARGER_TILES = ("--set", "mapping.tile_cycles=8000", "--set", "mapping.reduction_fan_in=4")
CASES = {
    "tiny": ("aimc64.yaml", "resnet_tiny", ()),
    "tiny, few cores": ("aimc64.yaml", "resnet_tiny", FEW_CORES),
    "tiny, sums of two": ("aimc64.yaml", "resnet_tiny", OTHER_TREES),
    "tiny, larger tiles": ("aimc64.yaml", "resnet_tiny", LARGER_TILES),
    "tiny, fast crossbars": ("aimc64.yaml", "resnet_tiny", ("--set", "ima.mvm_ns=30")),
    "mini": ("aimc16.yaml", "resnet_mini", ()),
    "wide": ("aimc16.yaml", "resnet_wide", ()),
}


class Predictions(SystemTest):
    def test_stages_and_runs_take_what_was_predicted(self):
        for name, (chip, model, options) in CASES.items():
            run = run_network(chip, model, "--quiet", *options, images=16)
            self.ends(run, 0)
            summary = run.summary
            with self.subTest(name):
                self.assertAlmostEqual(summary["expected_cycles"] / summary["cycles"], 1, delta=0.10)
                self.assertLessEqual(summary["bound_cycles"], summary["cycles"])
            shared = {c["cluster"] for c in summary["clusters"] if len(c["stages"]) > 1}
            for stage in summary["stages"]:
                if shared & set(stage["clusters"]):
                    continue  # its clusters' time is not its own
                predicted = stage["predicted_cycles_per_image"]["bound"]
                with self.subTest(name, stage=stage["name"]):
                    self.assertAlmostEqual(predicted / stage["measured_cycles_per_image"], 1, delta=0.15)


if __name__ == "__main__":
    unittest.main()
