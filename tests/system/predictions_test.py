"""What the compiler predicts is what runs take: stage by stage within 15 %, the whole run within 10 %. Stages on
cores with one short tile an image are expected up to 17 % too long, and here allowed 18 %: docs/mapping.md."""

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
    "wide, replicated": ("aimc64.yaml", "resnet_wide", ("--set", "mapping.policy=replicated")),
    "mini, on cores": ("aimc16.yaml", "resnet_mini", ("--set", "layers.*=digital")),
    "wide, on cores": ("aimc64.yaml", "resnet_wide", ("--set", "layers.*=digital")),
}
SHORT_TILES_ON_CORES = ("mini, on cores",)


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
                    allowed = 0.18 if name in SHORT_TILES_ON_CORES else 0.15
                    self.assertAlmostEqual(predicted / stage["measured_cycles_per_image"], 1, delta=allowed)

    def test_clusters_split_their_time_among_their_stages(self):
        """resnet_micro on 4 clusters: pools and sums sit beside crossbars."""
        run = run_network("aimc4.yaml", "resnet_micro", "--quiet", images=3)
        self.ends(run, 0)
        shared = [c for c in run.summary["clusters"] if len(c["stages"]) > 1]
        self.assertTrue(shared)
        for name in ("analog", "digital", "communication", "synchronisation", "idle"):
            self.assertEqual(
                sum(stage["cycles"][name] for stage in run.summary["stages"]),
                sum(cluster["cycles"][name] for cluster in run.summary["clusters"]),
                name,
            )

    def test_counters_of_blocks_are_reported_with_their_units(self):
        run = run_network("aimc4.yaml", "resnet_micro", "--quiet", images=2)
        self.ends(run, 0)
        totals = {(c["block"], c["name"]): c for c in run.summary["counters"]}
        self.assertEqual(totals["ima", "mvms"]["total"], run.summary["mvm_count"])
        self.assertEqual(totals["ima", "cells"]["unit"], "cells")
        self.assertEqual(totals["dma", "bytes_copied"]["unit"], "bytes")
        self.assertEqual(totals["cores", "retired"]["total"], run.summary["retired_instructions"])
        for (block, name), counter in totals.items():
            parts = [c["counters"][block][name] for c in run.summary["clusters"]]
            self.assertLessEqual(sum(parts), counter["total"], f"{block}.{name}")
            after = [c["counters_after_boot"][block][name] for c in run.summary["clusters"]]
            self.assertLessEqual(sum(after), counter["after_boot"], f"{block}.{name}")
            self.assertLessEqual(counter["after_boot"], counter["total"], f"{block}.{name}")
        self.assertLess(totals["cores", "retired"]["after_boot"], totals["cores", "retired"]["total"])
        self.assertEqual(totals["ima", "mvms"]["after_boot"], totals["ima", "mvms"]["total"])  # none while it boots
        # Every MVM drives the rows and bitlines that its layer has: by the crossbars' sizes at most all of them.
        self.assertGreater(totals["ima", "cells"]["total"], totals["ima", "mvms"]["total"])


if __name__ == "__main__":
    unittest.main()
