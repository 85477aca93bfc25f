"""Code that is written at run time takes effect at a fence.i, on every model of core; without one the run says so."""

import json
import tempfile
import unittest
from pathlib import Path

from ohmic_tool import SystemTest, run_program

KINDS = ("iss", "rtl", "lockstep", "ibex")
BY_CORE, BY_DMA, BY_ANOTHER_CLUSTER, FOR_ALL_CORES, UNFENCED, MANY_VERSIONS, COMPRESSED = range(7)


class NewText(SystemTest):
    def prints(self, case: int, text: str, *options, kinds=KINDS):
        for kind in kinds:
            run = run_program("test_new_text", "--cores", f"0-1.all={kind}", *options, "--", str(case))
            self.ends(run, 0)
            self.assertEqual(run.out, f"[0.0] {text}\n", kind)
            self.assertNotIn("warning", run.err, kind)

    def test_of_the_core_itself_and_not_before_the_fence(self):
        self.prints(BY_CORE, "1 1 2")

    def test_by_dma(self):
        self.prints(BY_DMA, "1 3")

    def test_by_a_core_of_another_cluster(self):
        self.prints(BY_ANOTHER_CLUSTER, "5")

    def test_a_fence_of_one_core_is_seen_by_those_that_it_wakes(self):
        self.prints(FOR_ALL_CORES, "112 of 16")

    def test_every_version_is_seen(self):
        self.prints(MANY_VERSIONS, "4950")

    def test_halves_of_instructions(self):
        self.prints(COMPRESSED, "1 12 13")

    def test_whatever_is_stored_is_executed_behind_the_next_fence(self):
        mixed = ("--cores", "0.0-3=rtl", "--cores", "0.4-7=lockstep", "--cores", "1.0=rtl")
        checks = {kind: 241 if kind == "ibex" else 244 for kind in KINDS}  # Ibex has no hardware loops
        for name, options, right in (
            *((kind, ("--cores", f"0-1.all={kind}"), checks[kind]) for kind in KINDS),
            ("mixed", mixed, 244),
            ("window 1", ("--window", "1", "--threads", "3"), 244),
        ):
            with self.subTest(name):
                run = run_program("test_fence_i", *options)
                self.ends(run, 0)
                self.assertEqual(run.out, f"[0.0] {right} right, 0 wrong\n")
                self.assertNotIn("warning", run.err)

    def test_cycles_and_results_do_not_depend_on_threads_and_windows(self):
        for case in (BY_ANOTHER_CLUSTER, FOR_ALL_CORES, MANY_VERSIONS):
            seen = set()
            for options in (("--threads", "1"), ("--threads", "3"), ("--window", "1"), ("--window", "2")):
                with tempfile.TemporaryDirectory() as scratch:
                    file = Path(scratch) / "run.json"
                    run = run_program("test_new_text", *options, "--json", file, "--", str(case))
                    self.ends(run, 0)
                    seen.add((run.out, json.loads(file.read_text())["cycles"]))
            self.assertEqual(len(seen), 1, seen)

    def test_an_unfenced_write_is_warned_of_once(self):
        for kind in KINDS:
            with tempfile.TemporaryDirectory() as scratch:
                file = Path(scratch) / "run.json"
                run = run_program("test_new_text", "--cores", f"0.all={kind}", "--json", file, "--", str(UNFENCED))
                self.ends(run, 0)
                self.assertEqual(run.out, "[0.0] 1 1\n")
                warnings = [line for line in run.err.splitlines() if "warning" in line]
                self.assertEqual(len(warnings), 1, run.err)
                self.assertRegex(warnings[0], r"1 write to the program's text without a fence.i behind it.*<answer>")
                self.assertEqual(json.loads(file.read_text())["unfenced_text_writes"], 1)


if __name__ == "__main__":
    unittest.main()
