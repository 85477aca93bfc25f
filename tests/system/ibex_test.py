"""Ibex cores: a second RTL core with programs of its own, alone and beside CV32E40P clusters in one chip."""

import re
import sys
import tempfile
import unittest
from pathlib import Path

from ohmic_tool import BUILD, CONFIGS, SystemTest, ohmic, run_network, run_program

# Clusters 1 and 3 are Ibex, the others ISS; and the mixture within a cluster.
CHOICES = (("--cores", "ibex"), ("--cores", "1,3.all=ibex"), ("--cores", "all.1-15=ibex"))


def lines(run) -> list[str]:
    """Console lines without their cycles, in any order: who gets the console's lock first is a matter of time."""
    return sorted(re.sub(r"\d+ cycles", "", run.out).splitlines())


class IbexCores(SystemTest):
    def test_examples_print_the_same(self):
        for example in ("hello", "dot_product", "ima_job", "dma_pingpong"):
            iss = run_program(example)
            self.ends(iss, 0)
            for choice in CHOICES:
                ibex = run_program(example, *choice)
                self.ends(ibex, 0)
                self.assertEqual(lines(ibex), lines(iss), (example, choice))

    def test_barriers_lock_and_memory_functions_with_any_number_of_cores(self):
        for cores in (1, 2, 16):
            self.ends(run_program("runtime_under_test", "--cores", "ibex", "--set", f"cluster.cores={cores}"), 0)

    def test_ibex_stands_beside_the_rtl_of_cv32e40p(self):
        mixed = run_program("dma_pingpong", "--cores", "0.all=rtl", "--cores", "1.all=ibex", "--", 6)
        self.ends(mixed, 0)
        self.says(mixed, "6 passes of 4096 bytes")

    def test_a_network_on_mixed_clusters_equals_the_reference_with_any_threads(self):
        runs = [
            run_network("aimc16.yaml", "resnet_micro", "--cores", "0-15.all=ibex", images=1, threads=1),
            run_network("aimc16.yaml", "resnet_micro", "--cores", "1,3,5,7.all=ibex", images=1, threads=1),
            run_network("aimc16.yaml", "resnet_micro", "--cores", "1,3,5,7.all=ibex", images=1, threads=2),
        ]
        for run in runs:
            self.ends(run, 0)
            self.assertGreater(run.summary["golden"]["compared_values"], 0)
            self.assertEqual(run.summary["golden"]["mismatching_values"], 0)
        self.assertEqual(runs[1].summary["result_hash"], runs[2].summary["result_hash"])
        self.assertNotEqual(runs[0].summary["cycles"], runs[1].summary["cycles"])

    def test_traces_of_one_program_on_ibex_and_iss_differ_in_cycles_only(self):
        traces = []
        for model in ("iss", "ibex"):
            with tempfile.TemporaryDirectory() as out:
                run = run_program("ibex/startup", "--cores", model, "--trace", "1.1", "--out", out)
                self.ends(run, 0)
                text = (Path(out) / "trace_1.1.txt").read_text().splitlines()[1:]
                traces.append([line.split(None, 1)[1] for line in text])
        length = min(map(len, traces))
        self.assertGreater(length, 20)
        # As far as both go (the end of the run catches them some instructions apart).
        self.assertEqual(traces[0][: length - 8], traces[1][: length - 8])

    def test_a_program_for_other_cores_is_refused_or_traps(self):
        alone = BUILD / "firmware" / "core_timing.elf"
        chip = ("--chip", CONFIGS / "aimc1.yaml")
        self.refuses(ohmic("run", alone, *chip, "--cores", "ibex"), "core_timing.elf", "ibex/core_timing.elf")
        hello = BUILD / "firmware" / "hello.elf"
        self.refuses(
            ohmic("run", hello, *chip, "--cores", "ibex", "--firmware", f"ibex={hello}"), "hello.elf", "0x80000000"
        )
        trapped = ohmic("run", BUILD / "firmware" / "ibex" / "test_foreign_instruction.elf", *chip, "--cores", "ibex")
        self.ends(trapped, 7)
        self.says(trapped, "trap: cause 2 at pc 0x8080")

    def test_mistakes_are_named(self):
        self.refuses(run_program("hello", "--firmware", "ibex=x.elf"), "ibex=x.elf", "no core of model ibex")
        self.refuses(run_program("hello", "--firmware", "x.elf"), "--firmware x.elf", "ibex=FILE")
        self.refuses(run_program("hello", "--cores", "ibex", "--firmware", "ibex=none.elf"), "none.elf")
        # Programs of different sources would share what is not the same.
        other = BUILD / "firmware" / "ibex" / "dma_pingpong.elf"
        mixed = run_program("hello", "--cores", "1.all=ibex", "--firmware", f"ibex={other}")
        self.refuses(mixed, "hello.elf", "dma_pingpong.elf", "0x80f00000")

    def test_mistakes_of_a_program_are_named_as_on_other_cores(self):
        store_nowhere, jump_nowhere, wait_for_nobody, assert_false = 1, 3, 5, 7
        for number, code, words in (
            (store_nowhere, 4, ("cluster 0 core 0 pc 0x8080", "make_mistake", "write of address 0x20000000")),
            (jump_nowhere, 4, ("cluster 0 core 0", "0x20000000", "instruction fetch outside")),
            (wait_for_nobody, 3, ("dead-lock in cycle", "cluster 0: core 0 waits for event lines 0x8", "make_mistake")),
            (assert_false, 7, ("mistake.c:", "assertion failed: which == 0")),
        ):
            run = run_program("test_mistake", "--cores", "ibex", "--", str(number))
            self.ends(run, code)
            self.says(run, *words)

    def test_an_interrupted_wait_goes_on_after_the_handler_on_every_kind_of_core(self):
        for program, model in (("test_interrupted_wait", "rtl"), ("ibex/test_interrupted_wait", "ibex")):
            run = run_program(program, "--cores", model, chip="aimc1.yaml")
            self.ends(run, 0)
            self.says(run, "3 interrupts, 1 event")


if __name__ == "__main__":
    probe = run_program("startup", "--cores", "0.0=ibex", chip="aimc1.yaml")
    if "built without" in probe.err:
        print("SKIPPED: built without Ibex")
        sys.exit(77)
    unittest.main()
