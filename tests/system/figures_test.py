"""Pictures of runs and the data behind them: whole files, the same every time, with figures that follow from the runs."""

import csv
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

from ohmic_tool import BUILD, CONFIGS, ROOT, SystemTest, model_folder, ohmic

try:
    import matplotlib  # noqa: F401
except ImportError:
    print("SKIPPED: matplotlib is missing (scripts/setup installs it)")
    sys.exit(77)


def figures(*arguments) -> subprocess.CompletedProcess:
    paths = os.pathsep.join([str(ROOT / "scripts"), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "plots", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": paths, "OHMIC_BUILD": str(BUILD)},
        capture_output=True,
        text=True,
        check=False,
    )


class Figures(SystemTest):
    @classmethod
    def setUpClass(cls):
        model_folder("resnet_micro")
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = Path(cls.scratch.name)
        cls.experiment = cls.folder / "micro.yaml"
        cls.experiment.write_text(
            f"chip: {CONFIGS / 'aimc4.yaml'}\nmodel: resnet_micro\nimages: {{count: 2}}\noutput: {cls.folder / 'run'}\n"
        )
        cls.out = cls.folder / "figures"
        cls.made = figures("paper", "naive", "--experiment", cls.experiment, "--out", cls.out)
        cls.summary = (
            json.loads((cls.out / "runs" / "naive" / "summary.json").read_text()) if cls.made.returncode == 0 else None
        )

    def rows(self, name: str) -> list[dict]:
        rows = json.loads((self.out / f"{name}.json").read_text())
        with open(self.out / f"{name}.csv", newline="") as file:
            again = list(csv.DictReader(file))
        self.assertEqual([{k: "" if v is None else str(v) for k, v in row.items()} for row in rows], again)
        return rows

    def test_every_figure_is_there_in_every_form(self):
        self.assertEqual(self.made.returncode, 0, self.made.stderr)
        names = {path.stem for path in self.out.iterdir() if path.is_file()}
        data = {"fig5a_throughput", "fig5_clusters_naive", "fig6_waterfall_naive", "fig7_efficiency_naive", "results"}
        self.assertEqual(names, data | {"energy_naive"})
        for name in names:
            self.assertEqual((self.out / f"{name}.png").read_bytes()[:8], b"\x89PNG\r\n\x1a\n", name)
            picture = xml.etree.ElementTree.parse(self.out / f"{name}.svg").getroot()
            self.assertTrue(picture.tag.endswith("svg"), name)
        for name in data:
            self.assertTrue(self.rows(name), name)

    def test_results_are_the_runs(self):
        found = {(row["policy"], row["figure"]): row for row in self.rows("results")}
        summary = self.summary
        self.assertEqual(found["naive", "cycles"]["ours"], summary["cycles"])
        self.assertAlmostEqual(found["naive", "ms_per_batch"]["ours"], summary["cycles"] * 1e-6)
        self.assertEqual(found["naive", "mismatches"]["ours"], 0)
        self.assertEqual(found["naive", "energy_mj"]["ours"], summary["energy"]["energy_mj"])
        row = found["naive", "clusters"]
        self.assertAlmostEqual(row["ratio"], summary["clusters_used"] / 261)

    def test_the_waterfall_ends_at_the_run(self):
        steps = self.rows("fig6_waterfall_naive")
        self.assertAlmostEqual(steps[0]["tops"], 4 * 2 * 256 * 256 / 130e-9 / 1e12)
        self.assertAlmostEqual(steps[-1]["tops"], self.summary["tops"])
        losses = math.prod(step["loss"] for step in steps[1:])
        self.assertAlmostEqual(steps[0]["tops"] / losses, self.summary["tops"])
        for step in steps[1:]:
            self.assertGreaterEqual(step["loss"], 1.0, step["step"])

    def test_clusters_split_all_of_their_time(self):
        rows = self.rows("fig5_clusters_naive")
        self.assertEqual(len(rows), self.summary["clusters_used"])
        for row in rows:
            parts = [row[name] for name in ("analog", "digital", "communication", "synchronisation", "idle")]
            self.assertAlmostEqual(sum(parts), 1)

    def test_area_efficiency_holds_every_operation(self):
        """Groups of the paper's network are told by the names of stages, which resnet_micro shares."""
        mm2 = self.summary["energy"]["area_mm2"] / 4
        seconds = self.summary["cycles"] * 1e-9
        rows = self.rows("fig7_efficiency_naive")
        operations = sum(row["gops_per_mm2"] * 1e9 * row["clusters"] * mm2 * seconds for row in rows)
        self.assertAlmostEqual(operations, 2 * self.summary["macs_per_image"] * 2, delta=1e-6 * operations)

    def test_the_energy_picture_shows_every_stage(self):
        run = ohmic("run", self.experiment, "--energy", CONFIGS / "energy" / "silicon.yaml", "--quiet")
        self.ends(run, 0)
        summary = self.folder / "run" / "summary.json"
        pictures = []
        for _ in range(2):
            made = figures("energy", summary)
            self.assertEqual(made.returncode, 0, made.stderr)
            pictures.append([(summary.parent / f"energy.{kind}").read_bytes() for kind in ("svg", "png")])
        self.assertEqual(pictures[0], pictures[1], "the same run gives the same bytes")
        text = pictures[0][0].decode()
        for stage in json.loads(summary.read_text())["energy"]["stages"]:
            self.assertIn(stage["name"], text)

    def test_mistakes_are_one_line(self):
        run = ohmic("run", self.experiment, "--quiet", "--out", self.folder / "plain")
        self.ends(run, 0)
        (self.folder / "list.json").write_text("[]")
        (self.folder / "text.json").write_text("no json")
        for arguments, word in (
            (("energy", self.folder / "plain" / "summary.json"), "--energy"),
            (("energy", self.folder / "nothing.json"), "cannot read"),
            (("energy", self.folder / "list.json"), "no summary.json"),
            (("energy", self.folder / "text.json"), "no JSON"),
            (("paper", "nonsense", "--out", self.out), "there is no policy nonsense"),
            (("paper", "naive", "--draw-only", "--out", self.folder / "none"), "cannot read"),
        ):
            made = figures(*arguments)
            self.assertEqual(made.returncode, 2, arguments)
            self.assertIn(word, made.stderr)
            self.assertEqual(len(made.stderr.splitlines()), 1, made.stderr)


class Reports(SystemTest):
    """Pictures of reports that were written by hand."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def write(self, name: str, report: dict) -> Path:
        path = self.folder / name
        path.write_text(json.dumps(report))
        return path

    def words(self, path: Path) -> list[str]:
        texts = xml.etree.ElementTree.parse(path).getroot().iter("{http://www.w3.org/2000/svg}text")
        return ["".join(text.itertext()) for text in texts]

    def accuracy(self) -> Path:
        def at(seconds: float, accuracy: float) -> dict:
            errors = {"layer": "conv1", "row_sets": 2, "values": 10, "mean": 0, "deviation": 1.5, "first": -1}
            shares = {"accuracy": accuracy, "interval_95": [accuracy - 0.1, accuracy + 0.1], "draws": [accuracy] * 3}
            return {"time_s": seconds, **shares, "mvm_errors": [{**errors, "histogram": [2, 5, 3]}]}

        times = [at(1, 0.9), at(86400, 0.8)]
        return self.write(
            "report.json",
            {"model": "some/net.onnx", "images": 7, "int8_adc": {"accuracy": 0.95}, "analog": {"times": times}},
        )

    def hybrid(self) -> Path:
        def row(method: str, layers: str, **more) -> dict:
            choice = {name: "analog" if c == "#" else "digital" for name, c in zip("ab", layers, strict=True)}
            fresh = {"loss_points": 0.5, "half_interval_95_points": 0.1}
            return {"method": method, "layers": choice, "fresh": fresh, "expected_cycles": 5000, **more}

        rows = [row("ohmic", "#.", threshold_points=1), row("all on cores", "..")]
        layers = [{"name": "a", "macs": 1}, {"name": "b", "macs": 2}]
        about = {"model": "net", "chip": "aimc4", "policy": "best", "time_s": 3600, "analog": "text"}
        return self.write("report.json", {**about, "layers": layers, "rows": rows})

    def test_accuracy_over_time_says_what_it_shows(self):
        made = figures("accuracy", self.accuracy(), "--out", self.folder / "out")
        self.assertEqual(made.returncode, 0, made.stderr)
        words = self.words(self.folder / "out" / "accuracy.svg")
        for word in ("net.onnx, 7 images, 3 chips", "1 s", "1 d", "conv1", "errors after 1 d, %", "int8 and ADC"):
            self.assertIn(word, words)
        self.assertNotIn("float", words, "the report has no float network")
        self.assertTrue((self.folder / "out" / "accuracy.png").is_file())

    def test_layers_and_what_they_bring_say_where_they_are(self):
        made = figures("hybrid", self.hybrid())
        self.assertEqual(made.returncode, 0, made.stderr)
        words = self.words(self.folder / "hybrid.svg")
        for word in ("net on aimc4, 1 h after programming, mapping best", "ohmic 1 %", "all on cores", "on crossbars"):
            self.assertIn(word, words)
        self.assertIn("thousand cycles of a batch, expected", words, "nothing was simulated")

    def test_a_report_of_something_else_is_refused_in_one_line(self):
        self.assertEqual(figures("hybrid", self.accuracy()).returncode, 2)
        refused = figures("accuracy", self.hybrid())
        self.assertEqual(refused.returncode, 2)
        self.assertIn("this is no report of `ohmic evaluate --time --json`", refused.stderr)
        self.assertEqual(refused.stderr.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
