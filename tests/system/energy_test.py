"""Energy of whole runs: equal to what the documented equations give, worked out here once more from summary.json alone."""

import json
import tempfile
import unittest
from pathlib import Path

from ohmic_tool import CONFIGS, SystemTest, ohmic, run_network, run_program

SILICON = CONFIGS / "energy" / "silicon.yaml"
PAPER = CONFIGS / "energy" / "paper.yaml"
CLASSES = ("alu", "mul", "div", "simd", "dot", "load", "store", "branch", "jump", "loop", "system")


def by_hand(summary: dict, coefficients: dict, when: str = "after_boot") -> dict[str, float]:
    """Millijoules by block: docs/energy.md, written down a second time. Programs count from reset on (total)."""

    def value(key: str) -> float:
        group, name = key.split(".")
        c = coefficients[group][name]
        published = next(c[unit] for unit in ("pj", "mm2", "mw_per_mm2", "mw") if unit in c)
        rule = c.get("scaling", "none")
        nodes = coefficients["node_nm"] / c["node_nm"] if rule != "none" else 1
        volts = (coefficients["volts"] / c["volts"]) ** 2 if rule == "node_v2" else 1
        return published * nodes * volts

    n = {(c["block"], c["name"]): c[when] for c in summary["counters"]}
    chip, digital = summary["resolved_chip"], coefficients["digital_scale"]
    levels = level_sizes(chip["network"]["factors"])
    routers, clusters = sum(levels), levels[-1] * chip["network"]["factors"][-1]
    seconds = summary["cycles"] / chip["clock_ghz"] / 1e9

    mvm = (
        n["ima", "mvms"] * value("ima.mvm")
        + n["ima", "rows"] * value("ima.row")
        + n["ima", "columns"] * value("ima.column")
        + n["ima", "cells"] * value("ima.cell")
    )
    words = {
        way: sum(n["l1", f"{who}_{way}"] for who in ("core", "dma", "ima", "network")) for way in ("reads", "writes")
    }
    out_of_routers = sum(
        link["bytes" if when == "total" else "bytes_after_boot"]
        for link in summary["links"]
        if link["name"] not in ("top.down", "platform.down")
        and not (link["name"].startswith("cluster_") and link["name"].endswith(".up"))
    )
    memory = sum(
        link["bytes" if when == "total" else "bytes_after_boot"]
        for link in summary["links"]
        if link["name"] in ("top.up", "top.down")
    )
    picojoules = {
        "ima": mvm + digital * (n["ima", "bytes_in"] + n["ima", "bytes_out"]) * value("ima.byte"),
        "cores": digital
        * (
            sum(n["instructions", c] * value(f"cores.{c}") for c in CLASSES)
            + (n["cores", "awake_cycles"] - n["cores", "retired"]) * value("cores.waiting_cycle")
        ),
        "l1": digital * (words["reads"] * value("l1.read") + words["writes"] * value("l1.write")),
        "icache": digital
        * (
            sum(n["icache", k] for k in ("hits", "misses", "merged")) * value("icache.lookup")
            + n["icache", "misses"] * value("icache.line")
        ),
        "dma": digital
        * (
            n["dma", "descriptors"] * value("dma.descriptor")
            + sum(n["dma", f"bytes_{k}"] for k in ("read", "written", "copied")) * value("dma.byte")
        ),
        "cluster": 0,
        "network": digital * out_of_routers * value("network.byte_hop"),
        "hbm": memory * value("hbm.byte"),
    }
    cells = chip["ima"]["rows"] * chip["ima"]["columns"]
    area = {
        "ima": clusters * (chip["ima"]["columns"] * value("area.ima_column") + cells * value("area.ima_cell")),
        "cores": clusters * chip["cluster"]["cores"] * value("area.core"),
        "l1": clusters * chip["cluster"]["l1_bytes"] / 1024 * value("area.l1_kib"),
        "icache": clusters * chip["icache"]["shared_bytes"] / 1024 * value("area.icache_kib"),
        "cluster": clusters * value("area.cluster"),
        "network": routers * value("area.router"),
    }
    density = {"ima": "analog", "l1": "memory", "icache": "memory"}
    energy = {block: pj * 1e-9 for block, pj in picojoules.items()}
    for block, mm2 in area.items():
        scale = 1 if block == "ima" else digital
        energy[block] += scale * mm2 * value(f"leakage.{density.get(block, 'logic')}") * seconds
    energy["hbm"] += value("hbm.standby") * seconds
    energy["area"] = sum(area.values())
    return energy


def level_sizes(factors: list[int]) -> list[int]:
    """Routers of each level: as many as the level above has children; the first factor is the link to HBM."""
    sizes, count = [], 1
    for factor in factors[:-1]:
        count *= factor
        sizes.append(count)
    return sizes


class Energy(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.plain = run_network("aimc4.yaml", "resnet_micro", "--quiet", images=2)
        cls.counted = run_network("aimc4.yaml", "resnet_micro", "--energy", SILICON, images=2)

    def agree(self, found: float, expected: float, what: str = "") -> None:
        self.assertLessEqual(
            abs(found - expected), 1e-9 * max(abs(found), abs(expected)), f"{what}: {found}, {expected}"
        )

    def test_counting_changes_nothing_on_the_chip(self):
        self.ends(self.plain, 0)
        self.ends(self.counted, 0)
        self.assertEqual(self.counted.summary["result_hash"], self.plain.summary["result_hash"])
        self.assertEqual(self.counted.summary["cycles"], self.plain.summary["cycles"])
        self.assertNotIn("energy", self.plain.summary)
        own = {(c["block"], c["name"]): c for c in self.counted.summary["counters"]}
        for counter in self.plain.summary["counters"]:
            self.assertEqual(own[counter["block"], counter["name"]], counter)

    def test_instructions_by_class_are_those_retired(self):
        counters = self.counted.summary["counters"]
        for when in ("total", "after_boot"):
            classes = sum(c[when] for c in counters if c["block"] == "instructions")
            retired = next(c[when] for c in counters if (c["block"], c["name"]) == ("cores", "retired"))
            self.assertEqual(classes, retired, when)

    def test_the_cells_that_mvms_drive_are_the_networks_products(self):
        """Without padding of crossbars: each weight is in a cell that is read once per output pixel."""
        cells = next(c for c in self.counted.summary["counters"] if (c["block"], c["name"]) == ("ima", "cells"))
        self.assertEqual(cells["after_boot"], 2 * self.counted.summary["macs_per_image"])

    def test_the_section_is_what_the_equations_give(self):
        energy = self.counted.summary["energy"]
        expected = by_hand(self.counted.summary, energy["coefficients"])
        for block in energy["blocks"]:
            self.agree(block["energy_mj"], expected[block["name"]], block["name"])
        self.agree(energy["energy_mj"], sum(expected.values()) - expected["area"])
        self.agree(energy["area_mm2"], expected["area"])
        self.agree(energy["energy_per_image_mj"], energy["energy_mj"] / 2)
        seconds = self.counted.summary["cycles"] * 1e-9
        self.agree(energy["average_power_w"], energy["energy_mj"] * 1e-3 / seconds)
        stages = sum(stage["energy_mj"] for stage in energy["stages"])
        self.agree(energy["energy_mj"], stages + energy["unattributed_mj"])
        self.assertEqual([s["name"] for s in energy["stages"]], [s["name"] for s in self.counted.summary["stages"]])
        self.says(self.counted, "block     energy mJ", "coefficients silicon")

    def test_other_coefficients_need_no_other_run(self):
        with tempfile.TemporaryDirectory() as scratch:
            summary, out = Path(scratch) / "summary.json", Path(scratch) / "energy.json"
            summary.write_text(json.dumps(self.counted.summary))

            def again(*options) -> dict:
                run = ohmic("energy", summary, "--json", out, "--quiet", *options)
                self.ends(run, 0)
                return json.loads(out.read_text())

            self.assertEqual(again(), self.counted.summary["energy"])
            more = again("--set", "cores.alu.pj=1000", "--set", "digital_scale=0.5")
            expected = by_hand(self.counted.summary, more["coefficients"])
            for block in more["blocks"]:
                self.agree(block["energy_mj"], expected[block["name"]], block["name"])
            self.agree(again("--energy", PAPER, "--set", "fit_mj=1", "--fit")["energy_mj"], 1)
            fixed = again("--set", "mvm=fixed")
            self.agree(fixed["crossbars_mj"], 12480e-9 * self.counted.summary["mvm_count"])
            self.agree(fixed["mvm_readings"]["fixed_mj"], fixed["crossbars_mj"])

    def test_a_program_has_energy_too(self):
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "figures.json"
            run = run_program("dma_pingpong", "--energy", SILICON, "--json", out)
            self.ends(run, 0)
            self.says(run, "block     energy mJ", "coefficients silicon")
            figures = json.loads(out.read_text())
            expected = by_hand(figures, figures["energy"]["coefficients"], "total")
            for block in figures["energy"]["blocks"]:
                self.agree(block["energy_mj"], expected[block["name"]], block["name"])
            self.assertGreater(expected["dma"], 0)
            self.assertEqual(figures["energy"]["stages"], [])
            again = ohmic("energy", out, "--json", out.with_name("energy.json"), "--quiet")
            self.ends(again, 0)
            self.assertEqual(json.loads(out.with_name("energy.json").read_text()), figures["energy"])

    def test_every_kind_of_core_counts_alike(self):
        """The same program, instruction for instruction, but for waiting loops: products and hardware loops are equal."""

        def counts(*options) -> dict[str, int]:
            run = run_network("aimc4.yaml", "resnet_micro", "--quiet", "--energy", SILICON, *options, images=1)
            if "built without" in run.err:
                self.skipTest("no RTL cores in this build")
            self.ends(run, 0)
            of = {c["name"]: c["total"] for c in run.summary["counters"] if c["block"] == "instructions"}
            retired = next(c["total"] for c in run.summary["counters"] if c["name"] == "retired")
            self.assertEqual(sum(of.values()), retired, options)
            return of

        iss = counts()
        for options in (
            ("--cores", "0.all=rtl"),
            ("--cores", "1.all=lockstep"),
            ("--hand-over", "0-1.all=rtl@marker:0", "--hand-over", "0-1.all=iss@cycle:30000"),
        ):
            other = counts(*options)
            for name in ("mul", "dot", "simd", "loop"):
                self.assertEqual(other[name], iss[name], f"{name} {options}")

    def test_mistakes_are_named(self):
        with tempfile.TemporaryDirectory() as scratch:
            summary, broken = Path(scratch) / "summary.json", Path(scratch) / "broken.yaml"
            summary.write_text(json.dumps(self.counted.summary))
            text = SILICON.read_text()
            broken.write_text(text.replace("\n  write:", "\n  writ:"))
            self.refuses(ohmic("energy", summary, "--energy", broken), "l1.writ", "l1.write")
            self.refuses(run_network("aimc4.yaml", "resnet_micro", "--energy", broken), "l1.writ", "l1.write")
            self.refuses(run_network("aimc4.yaml", "resnet_micro", "--energy", "nowhere.yaml"), "nowhere.yaml")
            self.refuses(ohmic("energy", summary, "--set", "fit_mj=1e-6", "--fit"), "negative")
            self.refuses(ohmic("energy", summary, "--set", "ima.row.pj=x"), "ima.row.pj")
            self.refuses(ohmic("energy", Path(scratch) / "missing.json"), "missing.json")
            self.refuses(ohmic("energy", summary, "--json", "/nowhere/x.json"), "/nowhere/x.json")
            before = broken.read_text()
            own = run_program("hello", "--energy", broken, "--json", broken)
            self.refuses(own, "would replace what is read (--energy)")
            self.assertEqual(broken.read_text(), before)
            summary.write_text(json.dumps(self.plain.summary))
            self.refuses(ohmic("energy", summary, "--energy", SILICON), "was not counted", "--energy")
            summary.write_text("{}")
            self.refuses(ohmic("energy", summary, "--energy", SILICON), "no summary.json")


if __name__ == "__main__":
    unittest.main()
