"""Cores as RTL and in lock-step: software sees no difference, cycles are nearly the ISS's, mistakes are named."""

import re
import resource
import subprocess
import tempfile
import unittest
from pathlib import Path

from ohmic_tool import BUILD, CONFIGS, SystemTest, ohmic, run_network, run_program

EXAMPLES = ("hello", "startup", "dot_product", "ima_job", "dma_pingpong")


def cycles(run) -> int:
    return int(re.search(r"(\d+) cycles, \d+ instructions", run.err).group(1))


class RtlCores(SystemTest):
    def test_examples_print_the_same_and_take_as_long(self):
        for example in EXAMPLES:
            iss = run_program(example, chip="aimc1.yaml")
            rtl = run_program(example, "--cores", "rtl", chip="aimc1.yaml")
            self.ends(iss, 0)
            self.ends(rtl, 0)
            # Which core gets the console's lock first may hang on a single cycle, so lines are compared as a set.
            without_cycles = [sorted(re.sub(r"\d+ cycles", "", run.out).splitlines()) for run in (iss, rtl)]
            self.assertEqual(*without_cycles)
            # hello is all cold code and one lock: instruction misses that the RTL's prefetcher hides cost it most.
            self.assertAlmostEqual(cycles(iss) / cycles(rtl), 1, delta=0.03, msg=example)

    def test_interrupts_come_at_the_same_time_however_they_are_enabled(self):
        pattern = re.compile(r"^\[0\.0\] (\w+ \w+ \d+): (\d+)$", re.MULTILINE)
        latency = {}
        for model in ("iss", "rtl", "lockstep"):
            run = run_program("test_interrupt_latency", "--cores", model, chip="aimc1.yaml")
            self.ends(run, 0)
            latency[model] = {what: int(cycles) for what, cycles in pattern.findall(run.out)}
        self.assertEqual(len(latency["iss"]), 13 * 7 * 4)
        self.assertEqual(latency["rtl"], latency["lockstep"])
        apart = {what: cycles - latency["rtl"][what] for what, cycles in latency["iss"].items()}
        self.assertEqual({what: cycles for what, cycles in apart.items() if abs(cycles) > 2}, {})

    def test_a_forbidden_loop_is_named_on_every_model(self):
        forbidden = (
            ("two_instructions", "3 instructions"),
            ("two_instructions_by_parts", "3 instructions"),
            ("compressed", "compressed instructions"),
            ("branch", "jump or branch"),
            ("equal_ends", "8 bytes behind loop 0"),
            ("close_ends", "8 bytes behind loop 0"),
            ("count_first", "while its count is not 0"),
            ("outer_is_loop_0", "must be loop 0"),
        )
        for model in ("iss", "rtl", "lockstep"):
            run = run_program("test_forbidden_loop", "--cores", model, "--", "0", chip="aimc1.yaml")
            self.ends(run, 0)
            self.assertEqual(run.out, "[0.0] 15 steps\n")
            for number, (symbol, rule) in enumerate(forbidden, start=1):
                run = run_program("test_forbidden_loop", "--cores", model, "--", str(number), chip="aimc1.yaml")
                self.ends(run, 4)
                self.says(run, "guest error", "core 0 pc 0x", f"<{symbol}", "forbidden hardware loop", rule)

    def test_waiting_cores_cost_nothing(self):
        # 512 cores wait for one console, 0.6 G core-cycles: sixty times the ISS's time if each of them were evaluated.
        def processor_seconds(model: str) -> float:
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            run = run_program("hello", "--cores", f"0-31.all={model}", "--threads", "1", chip="aimc512.yaml")
            self.ends(run, 0)
            return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

        iss = processor_seconds("iss")
        self.assertLess(processor_seconds("rtl"), 6 * iss)
        self.assertLess(processor_seconds("lockstep"), 6 * iss)

    def test_a_network_on_rtl_cores_gives_the_same_outputs_with_any_threads(self):
        iss = run_network("aimc16.yaml", "resnet_micro", images=1)
        rtl = [
            run_network("aimc16.yaml", "resnet_micro", "--cores", "rtl", images=1, threads=threads)
            for threads in (1, 2)
        ]
        for run in (iss, *rtl):
            self.ends(run, 0)
            self.assertEqual(run.summary["golden"]["mismatching_values"], 0)
            self.assertEqual(run.logits, iss.logits)
        self.assertEqual(rtl[0].summary["result_hash"], rtl[1].summary["result_hash"])
        self.assertAlmostEqual(iss.summary["cycles"] / rtl[0].summary["cycles"], 1, delta=0.02)

    def test_kinds_mix_in_one_cluster(self):
        mixed = run_network(
            "aimc16.yaml", "resnet_micro", "--cores", "all.0=rtl", "--cores", "all.1-2=lockstep", images=1
        )
        self.ends(mixed, 0)
        self.assertEqual(mixed.summary["golden"]["mismatching_values"], 0)

    def test_lockstep_compares_every_instruction_and_finds_no_difference(self):
        run = run_program("core_timing", "--cores", "lockstep", chip="aimc1.yaml")
        self.ends(run, 0)
        compared = int(re.search(r"lock-step: (\d+) retirements compared", run.err).group(1))
        self.assertGreater(compared, 1_000_000)
        for kind in ("hardware_loop", "simd", "divide", "csr", "event_wait"):
            self.assertIn(f" {kind}", run.err)

    def test_mismatches_are_listed_and_the_run_goes_on_as_long_as_asked(self):
        # A program that divides by zero five times, checked by an ISS that gets the quotient wrong.
        heading = re.compile(
            r"^ohmic: core 0\.0, cycle (\d+), pc 0x(\w+) <main\+0x\w+>: RTL and ISS differ in: register$"
        )
        for most, expected in ((1, 1), (3, 3), (5, 5), (9, 5)):
            run = ohmic(
                *("run", BUILD / "firmware" / "test_divide_by_zero.elf", "--chip", CONFIGS / "aimc1.yaml"),
                *("--cores", "lockstep", "--lockstep-mismatches", most, "--", 5),
                program=BUILD / "tests" / "ohmic_with_broken_iss",
                environment={"OHMIC_BROKEN_ISS": "divide_by_zero"},
            )
            self.ends(run, 5)
            lines = run.err.splitlines()
            found = [(number, match) for number, line in enumerate(lines) if (match := heading.match(line))]
            self.assertEqual(len(found), expected, run.err)
            at = [int(match.group(1)) for _, match in found]
            self.assertEqual(at, sorted(set(at)))
            for number, match in found:
                for line, model, quotient in ((1, "RTL", "ffffffff"), (2, "ISS", "00000000")):
                    said = rf"  {model} {match.group(2)} div (\w+), \w+, zero  x\d+={quotient}"
                    self.assertRegex(lines[number + line], said)
            # What came before stands with the first one only.
            self.assertEqual(run.err.count("retirements of the RTL before it:"), 1)
            # The RTL's quotients are what the program saw, if it came to its end.
            self.assertEqual(run.out, "[0.0] sum -5\n" if most > 5 else "")
        # Unbroken it is the ISS.
        run = run_program("test_divide_by_zero", "--cores", "lockstep", "--", "5", chip="aimc1.yaml")
        self.ends(run, 0)
        self.assertEqual(run.out, "[0.0] sum -5\n")

    def test_traces_of_both_kinds_differ_in_nothing_but_cycles(self):
        cases = (
            ("startup", "0.1"),
            ("hello", "0.0"),
            ("hello", "0.3"),
            ("dma_pingpong", "0.0"),
            ("dot_product", "0.3"),
            ("test_interrupted_wait", "0.0"),
        )
        for example, core in cases:
            with tempfile.TemporaryDirectory() as out:
                for model in ("iss", "rtl"):
                    options = ("--cores", model, "--trace", core, "--out", Path(out) / model)
                    self.ends(run_program(example, *options, chip="aimc1.yaml"), 0)
                # As docs/rtl-cores.md tells to compare them.
                iss, rtl = (f"<(cut -c12- {model}/trace_{core}.txt)" for model in ("iss", "rtl"))
                command = ["bash", "-c", f"diff {iss} {rtl}"]
                difference = subprocess.run(command, cwd=out, capture_output=True, text=True, check=False)
                self.assertEqual((difference.returncode, difference.stdout[:2000]), (0, ""), f"{example} {core}")
                lines = (Path(out) / "rtl" / f"trace_{core}.txt").read_text().splitlines()
                self.assertGreater(len(lines), 40)
                cycle_column = [line[:11].strip() for line in lines[1:]]
                self.assertTrue(all(cycle.isdigit() for cycle in cycle_column), "what is cut off is the cycle")

    def test_mistakes_are_named(self):
        self.refuses(run_program("hello", "--cores", "rlt"), "rlt", "rtl")
        self.refuses(run_program("hello", "--cores", "0.99=rtl"), "99", "0 to 15")
        self.refuses(
            run_program("hello", "--cores", "0.0=rtl", "--cores", "0-1.0-3=iss"),
            "--cores 0.0=rtl",
            "--cores 0-1.0-3=iss",
            "core 0.0",
        )
        self.refuses(run_program("hello", "--cores", "0=rtl"), "CLUSTERS.CORES=MODEL")
        self.refuses(run_program("hello", "--cores", "0.0=ibex+iss"), "--cores 0.0=ibex+iss", "one instruction set")


class WithoutRtlCores(SystemTest):
    """Of a build with -DOHMIC_RTL=OFF, or where the RTL packages are missing."""

    def test_asking_for_them_is_one_clear_line(self):
        for words in (("rtl",), ("iss", "--cores", "0.3-5=lockstep")):
            run = run_program("startup", "--cores", *words, chip="aimc1.yaml")
            self.refuses(run, f"core 0.{3 if len(words) > 1 else 0} is to be", "scripts/setup", "-DOHMIC_RTL=ON")
            self.assertEqual(len(run.err.splitlines()), 1)

    def test_everything_else_works(self):
        self.ends(run_program("startup", "--cores", "iss", chip="aimc1.yaml"), 0)


if __name__ == "__main__":
    probe = run_program("startup", "--cores", "0.0=rtl", chip="aimc1.yaml")
    unittest.main(defaultTest="WithoutRtlCores" if "built without RTL cores" in probe.err else "RtlCores")
