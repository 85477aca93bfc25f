"""Clusters of different make in one chip: every model runs them, an IMA that is not there is an error with its name."""

import json
import tempfile
from pathlib import Path

from ohmic_tool import CONFIGS, SystemTest, main_with_rtl, ohmic, run_network, run_program

MIXED = (
    "--set",
    'clusters=[{clusters: "0-1", cores: 2}, {clusters: "3", cores: 17, ima: false}]',
    "--set",
    "cluster.cores=3",
)


class Makes(SystemTest):
    def test_every_cluster_has_its_cores_whoever_simulates_them(self):
        expected = [
            f"[{i}.{h}] hello from cluster {i} core {h} of {n}" for i, n in enumerate((2, 2, 3, 17)) for h in range(n)
        ]
        for model in ("iss", "rtl", "lockstep"):
            run = run_program("hello", "--cores", model, *MIXED, chip="aimc4.yaml")
            self.ends(run, 0)
            self.assertEqual(sorted(run.out.splitlines()), sorted(expected), model)

    def test_threads_and_hand_overs_do_not_matter(self):
        runs = [run_program("dot_product", "--threads", n, *MIXED, chip="aimc4.yaml") for n in ("1", "2")]
        self.assertEqual(runs[0].out, runs[1].out)
        moved = run_program("hello", "--hand-over", "all.all=rtl@cycle:2500", *MIXED, chip="aimc4.yaml")
        self.ends(moved, 0)
        self.assertIn("24 of 24 cores", moved.err)

    def test_an_ima_that_is_not_there_is_named(self):
        run = run_program("ima_job", "--set", "clusters=[{clusters: 0, ima: false}]", chip="aimc4.yaml")
        self.ends(run, 4)
        self.assertRegex(run.err, r"cluster 0 core 0 pc .*: write of address 0x10103000: this cluster has no IMA")
        with tempfile.TemporaryDirectory() as folder:
            weights = Path(folder) / "weights.bin"
            weights.write_bytes(bytes(65536))
            self.refuses(
                run_program("ima_job", "--crossbar", f"2-3={weights}", *MIXED, chip="aimc4.yaml"),
                "cluster 3 has no IMA; 3 of the chip's 4 clusters have one",
            )
            self.ends(run_program("ima_job", "--crossbar", f"0-2={weights}", *MIXED, chip="aimc4.yaml"), 0)

    def test_clusters_of_many_cores_go_to_stages_that_have_work_for_them(self):
        """Each is kept at work by one stage, or by several that take turns."""
        network = CONFIGS.parent / "sw" / "models" / "trained" / "alexnet_small.onnx"
        with tempfile.TemporaryDirectory() as folder:
            experiment, out = Path(folder) / "e.yaml", Path(folder) / "out"
            chip = CONFIGS / "lionheart.yaml"
            text = f'chip: {chip}\nmodel: {network}\nlayers: {{"*": digital}}\nmapping: {{policy: best, trials: 0}}\n'
            experiment.write_text(text)
            self.ends(ohmic("compile", experiment, "--out", out, "--quiet"), 0)
            manifest = json.loads((out / "manifest.json").read_text())
        times = {s["name"]: s["predicted_cycles_per_image"]["bound"] for s in manifest["stages"]}
        busy = {}
        for stage in manifest["stages"]:
            for cluster in stage["clusters"]:
                busy[cluster] = busy.get(cluster, 0) + times[stage["name"]]
        large = [cluster for cluster in busy if cluster % 8 == 7]
        self.assertTrue(large)
        for cluster in large:
            self.assertGreater(busy[cluster], 0.5 * max(busy.values()), cluster)

    def test_a_network_runs_on_cores_and_crossbars_that_are_there_and_costs_their_energy(self):
        area = {}
        for chip in ("lionheart.yaml", "aimc64.yaml"):
            energy = ("--energy", CONFIGS / "energy" / "silicon.yaml")
            for layers in ("analog", "digital"):
                run = run_network(chip, "resnet_micro", *energy, "--set", f"layers.*={layers}")
                self.ends(run, 0)
                self.assertEqual(run.summary["golden"]["mismatching_values"], 0)
                area[chip] = {block["name"]: block["area_mm2"] for block in run.summary["energy"]["blocks"]}
        self.assertEqual(run_network("lionheart.yaml", "resnet_micro").summary["chip"]["cores"], 56 * 2 + 8 * 16)
        mixed, alike = area["lionheart.yaml"], area["aimc64.yaml"]
        self.assertAlmostEqual(mixed["ima"] / alike["ima"], 56 / 64, 6)
        self.assertAlmostEqual(mixed["cores"] / alike["cores"], 240 / 1024, 6)
        self.assertAlmostEqual(mixed["l1"], alike["l1"], 6)

    def test_cores_that_are_not_there_have_no_trace(self):
        self.refuses(run_program("hello", "--trace", "1-2.2", *MIXED, chip="aimc4.yaml"), "from 0 to 1")


if __name__ == "__main__":
    main_with_rtl()
