"""A mapping or chip that has less of something takes longer, and what it computes stays right, layer by layer."""

import re
import tempfile
from pathlib import Path

from ohmic_tool import CONFIGS, SystemTest, model_folder, ohmic, run_network

TINY = CONFIGS / "resnet_tiny_aimc64.yaml"


def without_cluster(text: str, gone: int) -> str:
    """Clusters are numbered without gaps: those behind one that nobody uses any more come up."""

    def earlier(numbers: re.Match) -> str:
        return numbers[1] + re.sub(r"\d+", lambda n: str(int(n[0]) - (int(n[0]) > gone)), numbers[2])

    places = re.search(r"places: \[(.*)\]", text)
    kept = [place for i, place in enumerate(places[1].split(", ")) if i != gone]
    text = text.replace(places[0], f"places: [{', '.join(kept)}]")
    return re.sub(r"(clusters?: )(\[[^\]]*\]|\d+)", earlier, text)


class LesserResources(SystemTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        model_folder("resnet_tiny")

    def write(self, *options: str) -> str:
        """A policy's mapping as text."""
        file = self.folder / "mapping.yaml"
        run = ohmic("compile", TINY, "--out", self.folder / "d", "--write-mapping", file, "--quiet", *options)
        self.ends(run, 0)
        return file.read_text()

    def cycles(self, text: str, *options: str) -> int:
        """Of a run of the mapping, all of whose values are right."""
        file = self.folder / "hand.yaml"
        file.write_text(text)
        run = run_network(
            "aimc64.yaml",
            "resnet_tiny",
            "--quiet",
            "--check",
            "layers",
            "--set",
            f"mapping.file={file}",
            *options,
            images=6,
        )
        self.ends(run, 0)
        self.assertEqual(run.summary["golden"]["mismatching_values"], 0)
        self.assertEqual(run.summary["golden_layers"]["mismatching_values"], 0)
        return run.summary["cycles"]

    def test_one_replica_less_of_the_stage_that_binds(self):
        text = self.write()
        begin = text.index('  - name: "conv1"')
        end = text.index("  - name:", begin + 1)
        replicas = text[begin:end].split("      - parts:")
        self.assertGreater(len(replicas), 3, "three replicas at least")
        (last,) = set(re.findall(r"cluster: (\d+)", replicas[-1]))
        shorter = text[:begin] + "      - parts:".join(replicas[:-1]) + text[end:]
        self.assertGreater(self.cycles(without_cluster(shorter, int(last))), 1.15 * self.cycles(text))

    def test_shorter_rings(self):
        """Of tiles of one column, where one beyond those in work does not hide how late columns come."""
        text = self.write("--set", "mapping.policy=replicated")
        longer = text.replace("prefetch_tiles: 1\n", "prefetch_tiles: 6\n")
        self.assertNotEqual(longer, text)
        self.assertGreater(self.cycles(text), 1.02 * self.cycles(longer))

    def test_half_as_wide_links(self):
        text = self.write()
        width = self.cycles(text, "--set", "network.width=[8, 8, 8, 8]")
        self.assertGreater(self.cycles(text, "--set", "network.width=[4, 4, 4, 4]"), width)
        self.assertGreater(width, self.cycles(text))

    def test_slower_crossbars_fewer_banks_and_cores(self):
        text = self.write()
        before = self.cycles(text)
        for option in ("ima.mvm_ns=260", "cluster.cores=2", "cluster.l1_banks=16"):
            with self.subTest(option):
                self.assertGreater(self.cycles(text, "--set", option), before)


if __name__ == "__main__":
    import unittest

    unittest.main()
