"""Mappings as files: what was written runs the same, what a user changes runs right, and mistakes are named."""

import re
import tempfile
from pathlib import Path

from ohmic_tool import CONFIGS, SystemTest, model_folder, ohmic, run_network

TINY = CONFIGS / "resnet_tiny_aimc64.yaml"


def with_tiles_of_four(text: str) -> str:
    """The first stage's tiles, whatever the policy has chosen."""
    return re.sub(r"tile_columns: \d+", "tile_columns: 4", text, count=1)


class MappingFile(SystemTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        model_folder("resnet_tiny")
        written = ohmic("compile", TINY, "--out", self.folder / "d", "--write-mapping", self.written, "--quiet")
        self.assertEqual(written.code, 0, written.err)

    @property
    def written(self) -> Path:
        return self.folder / "mapping.yaml"

    def run_with(self, text: str, *options):
        file = self.folder / "hand.yaml"
        file.write_text(text)
        return run_network("aimc64.yaml", "resnet_tiny", "--quiet", "--set", f"mapping.file={file}", *options, images=4)

    def test_what_was_written_runs_the_same(self):
        policy = run_network("aimc64.yaml", "resnet_tiny", "--quiet", images=4)
        written = self.run_with(self.written.read_text())
        self.ends(written, 0)
        self.assertEqual(written.summary["result_hash"], policy.summary["result_hash"])

    def test_packed_pixels_replicas_of_a_pool_and_relays_are_right_and_faster(self):
        text = self.written.read_text()
        before = self.run_with(text)
        first, rest = text.split('  - name: "maxpool"\n')
        first = with_tiles_of_four(first)
        first = re.sub(r"places: .*", "places: [" + ", ".join(map(str, range(46))) + "]", first)
        first = first.replace("    replicas:", "    packing: {x: 2, y: 2}\n    replicas:")
        first = first.replace("sets: [0]}\n            sums", "sets: [[0, 0], [0, 1]]}\n            sums")
        rest = with_tiles_of_four(rest)
        rest = rest.replace("      - cluster: 3\n", "      - cluster: 3\n      - cluster: 42\n      - cluster: 43\n")
        relays = "    residual: {buffer: relay, clusters: [44, 45]}\n    replicas:"
        stage = rest.index('"l1b0c2+l1b0add"')
        rest = rest[:stage] + rest[stage:].replace("    replicas:", relays, 1)
        after = self.run_with(first + '  - name: "maxpool"\n' + rest, "--set", "check=layers")
        self.ends(after, 0)
        self.assertEqual(after.summary["golden"]["mismatching_values"], 0)
        self.assertEqual(after.summary["golden_layers"]["mismatching_values"], 0)
        self.assertLess(after.summary["mvm_count"], before.summary["mvm_count"])
        self.assertLess(after.summary["cycles"], before.summary["cycles"])

    def test_mistakes_are_named_with_their_line(self):
        text = with_tiles_of_four(self.written.read_text())
        for change, said in {
            ("tile_columns: 4", "tile_columns: 5"): "tiles of 5 columns, which do not divide",
            ("row: 0, bitline: 0", "row: 250, bitline: 0"): "and the crossbar has 256 x 256",
            ("tile_columns: 4", "tile_columns: -1"): "hand.yaml:7: tile_columns must be a whole number",
            ('name: "maxpool"', 'name: "pool"'): "is 'maxpool'",
            ("    replicas:", "    replicsa:"): "has no key 'replicsa'",
        }.items():
            run = self.run_with(text.replace(*change, 1))
            self.assertEqual(run.code, 2, run.err)
            self.assertIn(said, run.err)


if __name__ == "__main__":
    import unittest

    unittest.main()
