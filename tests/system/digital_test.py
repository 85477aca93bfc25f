"""Layers on cores: a network runs digital, layer by layer or as a whole, and gives what its own reference gives."""

import tempfile
import unittest
from pathlib import Path

from ohmic_tool import CONFIGS, Run, SystemTest, model_folder, ohmic, run_network


class Digital(SystemTest):
    def runs_exactly(self, chip: str, *options: str) -> dict:
        return self.exact_run(chip, *options).summary

    def exact_run(self, chip: str, *options: str) -> Run:
        run = run_network(chip, "resnet_micro", "--quiet", "--check", "layers", *options, images=2)
        self.ends(run, 0)
        self.assertEqual(run.summary["golden"]["mismatching_values"], 0)
        return run

    def test_one_layer_leaves_its_crossbar(self):
        analog = self.runs_exactly("aimc16.yaml")
        digital = self.runs_exactly("aimc16.yaml", "--set", "layers.fc=digital")
        self.assertLess(digital["mvm_count"], analog["mvm_count"])
        self.assertGreater(digital["mvm_count"], 0)

    def test_all_layers_leave_their_crossbars(self):
        """With a cluster and more for each layer, and with layers that take turns on four clusters."""
        for chip in ("aimc16.yaml", "aimc4.yaml"):
            with self.subTest(chip):
                self.assertEqual(self.runs_exactly(chip, "--set", "layers.*=digital")["mvm_count"], 0)

    def test_all_but_one(self):
        summary = self.runs_exactly("aimc16.yaml", "--set", "layers.*=digital", "--set", "layers.conv1=analog")
        self.assertGreater(summary["mvm_count"], 0)

    def test_every_policy_maps_them(self):
        """All layers, and one of them, beside crossbars."""
        for policy in ("replicated", "paper", "best"):
            for choice in ("layers.*=digital", "layers.conv1=digital"):
                for chip in ("aimc16.yaml", "aimc4.yaml"):
                    with self.subTest(policy=policy, choice=choice, chip=chip):
                        options = ("--set", f"mapping.policy={policy}")
                        if policy == "best":
                            options += ("--set", "mapping.evaluations=20")
                        self.runs_exactly(chip, "--set", choice, *options)

    def test_a_layer_is_split_by_its_output_channels(self):
        """A third of conv1's channels stays on crossbars, or none but three, under every policy; whoever reads its map
        (a pool, or an add that the layer is fused with) reads one map."""
        analog = self.runs_exactly("aimc16.yaml")
        for policy in ("naive", "replicated", "paper", "best"):
            options = ["--set", f"mapping.policy={policy}", "--set", "layers.conv1=split_11"]
            options += ["--set", "layers.l1b0c1=split_3"]
            if policy == "best":
                options += ["--set", "mapping.evaluations=20"]
            with self.subTest(policy):
                summary = self.runs_exactly("aimc16.yaml", *options)
                names = [stage["name"] for stage in summary["stages"]]
                self.assertTrue({"conv1[0:11]", "l1b0c1[0:3]+l1b0add"} < set(names), names)
                self.assertFalse({"conv1", "l1b0add", "l1b0c1+l1b0add"} & set(names), names)
        whole = self.runs_exactly("aimc16.yaml", "--set", "layers.*=digital", "--set", "layers.conv1=split_3")
        self.assertTrue(0 < whole["mvm_count"] < analog["mvm_count"])

    def test_row_sets_run_on_cores_beside_crossbars(self):
        """Without noise the results are those of the network on crossbars, under every policy; with noise the platform
        makes what the evaluator's reference makes."""
        crossbars = ("--set", "ima.rows=64")
        rows = (*crossbars, "--set", "layers.l1b0c1=rows_2")
        analog = self.exact_run("aimc16.yaml", *crossbars)
        for policy in ("naive", "replicated", "paper", "best"):
            options = ["--set", f"mapping.policy={policy}"]
            if policy == "best":
                options += ["--set", "mapping.evaluations=20"]
            with self.subTest(policy):
                run = self.exact_run("aimc16.yaml", *rows, *options)
                self.assertEqual(run.logits, analog.logits)
                names = [stage["name"] for stage in run.summary["stages"]]
                self.assertTrue({"l1b0c1.set2", "l1b0c1.set3"} < set(names), names)
        noisy = self.exact_run("aimc16.yaml", *rows, "--set", "analog.model=pcm")
        self.assertNotEqual(noisy.logits, analog.logits)

    def test_what_cannot_be_chosen(self):
        model_folder("resnet_micro")
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)

        def refused(choice: str) -> str:
            run = ohmic(
                "compile",
                CONFIGS / "resnet_tiny_aimc64.yaml",
                "--model",
                "resnet_micro",
                "--set",
                choice,
                "--out",
                Path(scratch.name) / "out",
            )
            self.assertEqual(run.code, 2, run.err)
            return run.err

        self.assertIn("'conv9'", refused("layers.conv9=digital"))
        self.assertIn("analog, analog_x2, analog_x4, digital, split_N, rows_N", refused("layers.fc=maybe"))
        self.assertIn("split_N", refused("layers.conv1=split_0"))
        self.assertIn("'fc'", refused("layers.fc=split_3"))
        self.assertIn("'conv1'", refused("layers.conv1=split_999"))
        self.assertIn("by its name", refused("layers.*=split_3"))
        self.assertIn("by its name", refused("layers.*=rows_3"))
        self.assertIn("'fc'", refused("layers.fc=rows_1"))
        self.assertIn("one row set", refused("layers.fc=rows_1"))


if __name__ == "__main__":
    unittest.main()
