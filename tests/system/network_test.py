"""A whole network as firmware on a small chip: right, complete, and reported in the named fields."""

import csv
import tempfile
import unittest
from collections import Counter
from pathlib import Path

from ohmic_tool import SystemTest, run_network

SPLIT = {"analog", "digital", "communication", "synchronisation", "idle"}
FIELDS = {
    "chip",
    "chip_hash",
    "resolved_chip",
    "command_line",
    "overrides",
    "ohmic_version",
    "firmware_hash",
    "completion_cycles",
    "first_image_cycles",
    "macs_per_image",
    "tops",
    "limiting_resource",
    "crossbars",
    "bank_conflict_cycles",
    "ima_stall_cycles",
    "dma_stall_cycles",
    "mapping",
    "clusters_used",
    "images",
    "window",
    "cycles",
    "boot_cycles",
    "batch_images_per_s",
    "mvm_count",
    "retired_instructions",
    "awake_core_cycles",
    "wall_s",
    "startup_s",
    "mips",
    "peak_rss_mb",
    "threads",
    "golden",
    "result_hash",
    "scene_accuracy",
    "stages",
    "clusters",
    "links",
}


class MicroOn16Clusters(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.run16 = run_network("aimc16.yaml", "resnet_micro", images=16)

    def setUp(self):
        self.ends(self.run16, 0)
        self.summary = self.run16.summary

    def test_every_output_equals_the_reference(self):
        golden = self.summary["golden"]
        self.assertEqual(golden, {"compared_values": 16 * 16, "mismatching_values": 0, "first_mismatch": None})

    def test_every_mvm_is_done_and_no_more(self):
        # conv1 16x16 output pixels, one 3x3 convolution with 8x8 pixels, the last layer's single one
        self.assertEqual(self.summary["mvm_count"], 16 * (256 + 64 + 1))

    def test_all_scenes_are_recognised(self):
        self.assertEqual(self.summary["scene_accuracy"], 1.0)
        self.assertGreater(self.summary["float_cosine"]["mean"], 0.99)

    def test_images_complete_one_after_the_other_and_the_last_ends_the_run(self):
        completions = self.summary["completion_cycles"]
        self.assertEqual(len(completions), 16)
        self.assertEqual(completions, sorted(completions))
        self.assertEqual(completions[-1], self.summary["cycles"])
        self.assertEqual(completions[0], self.summary["first_image_cycles"])

    def test_work_and_throughput_fit_each_other(self):
        s = self.summary
        self.assertAlmostEqual(s["tops"], 2 * s["macs_per_image"] * s["batch_images_per_s"] / 1e12)
        self.assertGreater(s["macs_per_image"], 0)
        self.assertLessEqual(s["macs_per_image"] * 16, s["mvm_count"] * 256 * 256)
        self.assertLess(s["crossbars"]["cells_used"], s["crossbars"]["cells_of_chip"])
        self.assertEqual(s["crossbars"]["cells_of_chip"], 16 * 256 * 256)

    def test_stalls_of_clusters_sum_up_and_memory_is_in_use(self):
        clusters = self.summary["clusters"]
        for name in ("bank_conflict_cycles", "ima_stall_cycles", "dma_stall_cycles"):
            self.assertLessEqual(sum(c[name] for c in clusters), self.summary[name])
        for cluster in clusters:
            self.assertGreater(cluster["l1_used_bytes"], 64 << 10)
            self.assertLessEqual(cluster["l1_used_bytes"], 1 << 20)
            self.assertLessEqual(cluster["ima_compute_cycles"], cluster["ima_active_cycles"])

    def test_the_trace_of_bursts_and_the_links_tell_of_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "bursts.csv"
            run = run_network("aimc16.yaml", "resnet_micro", "--trace-bursts", file, images=1)
            self.ends(run, 0)
            bursts = list(csv.DictReader(file.open()))
        self.assertGreater(len(bursts), 1000)
        up, down = Counter(), Counter()
        for burst in bursts:
            cycles = [int(burst[name]) for name in ("ready", "sent", "arrived", "first", "last")]
            self.assertEqual(cycles, sorted(cycles), burst)
            self.assertGreaterEqual(cycles[3] - cycles[1], 2 * 4, burst)  # one router there and back
            self.assertEqual(burst["response"], "okay")
            data_from, data_to = burst["master"], burst["target"]
            if burst["access"] == "read":
                data_from, data_to = data_to, data_from
            up[data_from] += int(burst["bytes"])
            down[data_to] += int(burst["bytes"])
        named = {f"cluster_{i}": str(i) for i in range(16)} | {"platform": "platform"}
        links = {link["name"]: link["bytes"] for link in run.summary["links"]}
        for link, end in named.items():
            # Up is towards the top: what a cluster sends; of platform control: what it is sent.
            sent, got = (links[f"{link}.up"], links[f"{link}.down"])
            if end == "platform":
                sent, got = got, sent
            self.assertEqual((sent, got), (up[end], down[end]), link)

    def test_links_are_told_with_and_without_boot(self):
        for link in self.summary["links"]:
            self.assertLessEqual(link["bytes_after_boot"], link["bytes"])
            self.assertLessEqual(link["busy_cycles_after_boot"], link["busy_cycles"])
        hbm = next(link for link in self.summary["links"] if link["name"] == "top.down")
        self.assertGreater(hbm["bytes"], hbm["bytes_after_boot"], "text is read while booting")
        limit = self.summary["limiting_resource"]
        self.assertIn(limit["kind"], ("crossbar", "cores", "data movers", "link"))
        self.assertTrue(0 < limit["utilisation"] <= 1)

    def test_the_run_can_be_made_again(self):
        self.assertEqual(self.summary["command_line"][1], "run")
        self.assertIn("engine.threads=1", self.summary["overrides"])
        self.assertEqual(self.summary["resolved_chip"]["network"]["factors"], [1, 4, 4])

    def test_the_summary_has_every_named_field(self):
        self.assertLessEqual(FIELDS, self.summary.keys())
        self.assertEqual(self.summary["chip"]["clusters"], 16)
        self.assertEqual(self.summary["chip"]["cores_per_cluster"], 16)

    def test_each_cluster_s_time_is_split_without_rest(self):
        for cluster in self.summary["clusters"]:
            self.assertEqual(cluster["cycles"].keys(), SPLIT)
            self.assertEqual(sum(cluster["cycles"].values()), self.summary["cycles"], cluster)

    def test_crossbars_are_busy_for_their_mvms(self):
        for cluster in self.summary["clusters"]:
            self.assertEqual(cluster["cycles"]["analog"], cluster["mvms"] * 130, cluster)

    def test_throughput_follows_from_cycles(self):
        self.assertAlmostEqual(self.summary["batch_images_per_s"] * self.summary["cycles"], 16e9, delta=16e9 * 1e-6)

    def test_the_images_cross_the_hbm_link(self):
        top = {link["name"]: link for link in self.summary["links"]}
        self.assertTrue(any("hbm" in name or "top" in name for name in top), sorted(top))
        self.assertGreaterEqual(max(link["bytes"] for link in self.summary["links"]), 16 * 32 * 32 * 3)
        for link in self.summary["links"]:
            self.assertLessEqual(link["utilisation"], 1)

    def test_logits_and_classes_lie_beside_the_summary(self):
        self.assertEqual(len(self.run16.logits), 16)
        for entry in self.run16.logits:
            best = max(range(len(entry["logits"])), key=entry["logits"].__getitem__)
            self.assertEqual(entry["top"][0]["row"], best)
            self.assertIn(entry["top"][0]["label"], entry["image"])

    def test_the_table_names_scenes_and_the_verdict(self):
        self.says(
            self.run16, "china", "retina", "images/s", "equal the integer reference", "conv1", "predicted", "measured"
        )


class Layers(SystemTest):
    def test_every_tensor_on_every_edge_is_right_and_looking_costs_no_cycle(self):
        plain = run_network("aimc64.yaml", "resnet_tiny", images=3)
        looked = run_network("aimc64.yaml", "resnet_tiny", "--check", "layers", images=3)
        self.ends(plain, 0)
        self.ends(looked, 0)
        self.assertEqual(plain.summary["result_hash"], looked.summary["result_hash"])
        layers = looked.summary["golden_layers"]
        self.assertEqual(layers["mismatching_values"], 0)
        self.assertGreater(layers["compared_values"], 3 * 100000)


class Steady(SystemTest):
    def test_48_images_give_the_steady_rate(self):
        run = run_network("aimc16.yaml", "resnet_micro", images=48)
        self.ends(run, 0)
        self.assertEqual(run.summary["golden"]["compared_values"], 48 * 16)
        steady, batch = run.summary["steady_images_per_s"], run.summary["batch_images_per_s"]
        # Filling and draining the pipeline is in the batch's rate and not in the steady one.
        self.assertGreater(steady, batch)
        self.assertLess(steady, 1.5 * batch)


if __name__ == "__main__":
    unittest.main()
