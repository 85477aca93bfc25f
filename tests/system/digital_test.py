"""Layers on cores: a network runs digital, layer by layer or as a whole, and gives what its own reference gives."""

import tempfile
import unittest
from pathlib import Path

from ohmic_tool import CONFIGS, SystemTest, model_folder, ohmic, run_network


class Digital(SystemTest):
    def runs_exactly(self, chip: str, *options: str) -> dict:
        run = run_network(chip, "resnet_micro", "--quiet", "--check", "layers", *options, images=2)
        self.ends(run, 0)
        self.assertEqual(run.summary["golden"]["mismatching_values"], 0)
        return run.summary

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
        self.assertIn("analog, analog_x2, analog_x4, digital", refused("layers.fc=maybe"))


if __name__ == "__main__":
    unittest.main()
