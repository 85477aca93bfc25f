"""Mistakes of the simulated program: each has its own exit code and a message that names core, pc, symbol or state."""

import json
import os
import re
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from ohmic_tool import BUILD, CONFIGS, PATIENCE, SystemTest, ohmic, run_program, wait_until

(
    STORE_NOWHERE,
    LOAD_NOWHERE,
    JUMP_NOWHERE,
    ILLEGAL_INSTRUCTION,
    WAIT_FOR_NOBODY,
    NEVER_END,
    ASSERT_FALSE,
    EXIT_FIVE,
    BAD_IMA_JOB,
    BIG_FRAME,
    DEEP_RECURSION,
    WORKERS_RECURSION,
    LEGAL_STACKS,
    TRAP_AGAIN,
    WAIT_FOR_NO_LINE,
    BREAKPOINT,
) = range(1, 17)


class ProgramMistakes(SystemTest):
    def mistake(self, number: int, *options):
        return run_program("test_mistake", *options, "--", str(number))

    def test_no_mistake(self):
        run = self.mistake(0)
        self.ends(run, 0)
        self.assertIn("[0.0] no mistake", run.out)

    def test_bad_addresses(self):
        for number, word in ((STORE_NOWHERE, "write of"), (LOAD_NOWHERE, "read of")):
            run = self.mistake(number)
            self.ends(run, 4)
            self.says(run, "guest error", "cluster 0 core 0 pc 0x", "make_mistake", word, "address 0x20000000")

    def test_a_jump_into_nowhere(self):
        run = self.mistake(JUMP_NOWHERE)
        self.ends(run, 4)
        self.says(run, "guest error", "cluster 0 core 0", "0x20000000")

    def test_exceptions_are_named(self):
        for mistake, cause, name in ((ILLEGAL_INSTRUCTION, 2, "illegal instruction"), (BREAKPOINT, 3, "ebreak")):
            run = self.mistake(mistake)
            self.ends(run, 7)
            self.assertRegex(run.out, rf"\[0.0\] trap: cause {cause} at pc 0x[0-9a-f]+: {name}\n")

    def test_a_refused_ima_job(self):
        run = self.mistake(BAD_IMA_JOB)
        self.ends(run, 4)
        self.says(run, "cluster 0 IMA")

    def test_a_stack_overflow_names_function_core_and_how_much(self):
        for number, core, function in (
            (BIG_FRAME, 0, "use_a_big_frame"),
            (DEEP_RECURSION, 0, "recurse"),
            (WORKERS_RECURSION, 3, "recurse"),
        ):
            told = []
            for kind in ("iss", "rtl", "lockstep", "ibex"):
                run = self.mistake(number, "--cores", f"0.all={kind}")
                self.ends(run, 4)
                lines = [line for line in run.err.splitlines() if "guest error" in line]
                told.append([re.sub(r"cycle \d+", "", line) for line in lines])
                self.assertEqual(len(told[-1]), 1, run.err)
            line = told[0][0]
            self.assertEqual(told[1:3], told[:1] * 2, "the models say the same")
            for words in (line, told[3][0]):
                self.assertRegex(words, rf"cluster 0 core {core} pc 0x\w+ <{function}\+\w+>: stack overflow: ")
                self.assertRegex(words, r"sp 0x\w+ is \d+ bytes below the stack's end 0x\w+$")
            low, by, end = re.search(r"sp (0x\w+) is (\d+) bytes below the stack's end (0x\w+)", line).groups()
            self.assertEqual(int(end, 16) - int(low, 16), int(by))
            self.assertEqual(int(end, 16), 0x1000F000 - (3 * 2064 if core == 3 else 0))

    # Core 0 has 4 KiB, a worker 16 bytes more than a multiple of 256, so that all fit behind the program's data.
    def test_stacks_shrink_with_the_programs_l1(self):
        for kind in ("iss", "rtl", "ibex"):
            options = ("--set", "cluster.program_l1_bytes=16KiB", "--cores", f"0.all={kind}")
            self.ends(self.mistake(0, *options), 0)
            for number, core in ((DEEP_RECURSION, 0), (WORKERS_RECURSION, 3)):
                run = self.mistake(number, *options)
                self.ends(run, 4)
                end = int(re.search(r"below the stack's end (0x\w+)", run.err).group(1), 16)
                first = 0x10003000
                if core == 0:
                    self.assertEqual(end, first)
                else:
                    self.assertEqual((first - end) % core, 0)
                    slice_bytes = (first - end) // core
                    self.assertEqual(slice_bytes % 256, 16)
                    self.assertIn(slice_bytes, range(272, (0x4000 - 4096) // 15))

    def test_too_little_l1_for_stacks_is_refused(self):
        run = self.mistake(0, "--set", "cluster.program_l1_bytes=8KiB", "--set", "cluster.cores=16")
        self.refuses(run, "cluster.program_l1_bytes: 8192 bytes of L1 are too few", "stacks of 16 cores", "12288")
        run = self.mistake(0, "--set", "cluster.program_l1_bytes=10000")
        self.refuses(run, "cluster.program_l1_bytes", "not a multiple of 4 KiB")

    def test_legal_stacks_are_left_alone(self):
        for kind in ("iss", "rtl", "lockstep", "ibex"):
            run = self.mistake(LEGAL_STACKS, "--cores", f"0.all={kind}")
            self.ends(run, 0)
            self.says(run, "legal 42, own stack back 1")

    def test_dead_lock_tells_who_waits(self):
        run = self.mistake(WAIT_FOR_NOBODY)
        self.ends(run, 3)
        self.says(run, "dead-lock in cycle", "cluster 0: core 0 waits for event lines 0x8", "make_mistake")

    def test_a_core_that_waits_for_no_line_has_not_finished(self):
        for kind in ("iss", "rtl", "lockstep", "ibex"):
            run = self.mistake(WAIT_FOR_NO_LINE, "--cores", f"0.all={kind}")
            self.ends(run, 3)
            self.says(run, "cluster 0: core 0 waits with no event line in its mask", "<make_mistake+")
            self.assertNotIn("has finished", run.err)

    def test_a_dead_lock_is_in_its_own_cycle_whatever_the_limit(self):
        with tempfile.TemporaryDirectory() as scratch:
            figures = Path(scratch) / "figures.json"
            cycles = []
            for options in (
                (),
                ("--max-cycles", "9000000"),
                ("--max-cycles", "9000000000000000000"),
                ("--window", "1"),
            ):
                run = self.mistake(WAIT_FOR_NOBODY, "--json", figures, *options)
                self.ends(run, 3)
                cycles.append(json.loads(figures.read_text())["cycles"])
                self.says(run, f"dead-lock in cycle {cycles[-1]}:")
            self.assertEqual(len(set(cycles)), 1, cycles)
            self.assertLess(cycles[0], 100_000)

    def test_exceptions_without_progress_end_the_run(self):
        said = set()
        for model in ("iss", "rtl", "lockstep"):
            run = self.mistake(TRAP_AGAIN, "--cores", f"0.0={model}", "--trap-limit", "100", "--max-cycles", "1000000")
            self.ends(run, 4)
            self.says(run, "make_mistake", "trap with cause 2 (illegal instruction)", "--trap-limit")
            said.add(run.err.split("guest error: ")[1].split(" core ")[1].split("\n")[0])
        self.assertEqual(len(said), 1, said)
        self.ends(self.mistake(TRAP_AGAIN), 4)
        self.ends(self.mistake(TRAP_AGAIN, "--trap-limit", "0", "--max-cycles", "1000000"), 6)

    def test_the_figures_say_how_the_run_came_about(self):
        with tempfile.TemporaryDirectory() as scratch:
            figures = Path(scratch) / "figures.json"
            self.ends(self.mistake(0, "--json", figures, "--set", "cluster.cores=+8", "--cores", "0.0=iss"), 0)
            read = json.loads(figures.read_text())
        self.assertEqual(read["resolved_chip"]["cluster"]["cores"], 8)
        self.assertEqual(read["resolved_chip"]["hbm"]["bytes"], 1536 << 20)
        self.assertEqual(read["overrides"], ["cluster.cores=+8", "0.0=iss"])
        self.assertEqual(read["command_line"][1], "run")
        self.assertEqual(read["command_line"][-2:], ["--", "0"])
        self.assertEqual(read["end"], "finished")
        self.assertRegex(read["ohmic_version"], r"^\d+\.\d+")
        self.assertRegex(read["firmware_hash"], "^[0-9a-f]{16}$")

    def test_an_endless_program_is_stopped_at_the_limit(self):
        run = self.mistake(NEVER_END, "--max-cycles", "100000")
        self.ends(run, 6)
        self.says(run, "cycle limit reached in cycle 10")

    def test_an_assertion_names_file_and_line(self):
        run = self.mistake(ASSERT_FALSE)
        self.ends(run, 7)
        self.says(run, "mistake.c:", "assertion failed: which == 0")

    def test_exit_status_is_printed(self):
        run = self.mistake(EXIT_FIVE)
        self.ends(run, 7)
        self.says(run, "exit(5)")

    def test_dump_shows_every_cluster_with_symbols(self):
        run = self.mistake(ASSERT_FALSE, "--dump")
        self.ends(run, 7)
        for cluster in range(4):
            self.assertIn(f"cluster {cluster}", run.err)
        self.assertIn("core 15 pc", run.err)
        self.assertIn("<", run.err)

    def test_ctrl_c_ends_an_endless_program(self):
        command = ["run", BUILD / "firmware" / "test_mistake.elf", "--chip", CONFIGS / "aimc4.yaml", "--threads", 1]
        with tempfile.TemporaryDirectory() as scratch:
            words = [BUILD / "ohmic", *command, "--trace", "0.0", "--out", scratch, "--", NEVER_END]
            process = subprocess.Popen([*map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            wait_until(lambda: any(path.stat().st_size for path in Path(scratch).glob("trace*")), process)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn("interrupted in cycle", err)


class Files(SystemTest):
    """A file that cannot be written is refused before the program runs: nothing on the console, nothing left."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        (self.folder / "file").write_text("not a folder")

    def tearDown(self):
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["file"])

    def test_figures(self):
        for json_file in (self.folder / "none" / "x.json", self.folder / "file" / "x.json", self.folder):
            run = run_program("hello", "--json", json_file)
            self.refuses(run, "cannot write", str(json_file))
            self.assertEqual(run.out, "")

    def test_traces(self):
        run = run_program("hello", "--trace", "0.0", "--out", self.folder / "file")
        self.refuses(run, "cannot write", "file")
        self.assertEqual(run.out, "")

    def test_a_trace_where_a_folder_is(self):
        (self.folder / "trace_0.0.txt").mkdir()
        run = run_program("hello", "--trace", "0.0", "--out", self.folder)
        self.refuses(run, "cannot write", "trace_0.0.txt")
        self.assertEqual(run.out, "")
        (self.folder / "trace_0.0.txt").rmdir()


class Traces(SystemTest):
    def test_a_trace_is_symbolised_and_changes_no_cycle(self):
        with tempfile.TemporaryDirectory() as scratch:
            plain, traced = Path(scratch) / "plain.json", Path(scratch) / "traced.json"
            self.ends(run_program("hello", "--json", plain), 0)
            self.ends(run_program("hello", "--json", traced, "--trace", "2.3", "--out", scratch), 0)
            self.assertEqual(json.loads(plain.read_text())["cycles"], json.loads(traced.read_text())["cycles"])
            lines = (Path(scratch) / "trace_2.3.txt").read_text().splitlines()
            self.assertEqual([name for name in os.listdir(scratch) if name.endswith(".part")], [])
        self.assertGreater(len(lines), 50)
        self.assertTrue(any("say_hello" in line for line in lines))

    def test_info_prints_a_chip_that_loads_again(self):
        printed = ohmic("info", CONFIGS / "aimc4.yaml", "--set", "cluster.cores=3")
        self.ends(printed, 0)
        with tempfile.TemporaryDirectory() as scratch:
            again = Path(scratch) / "again.yaml"
            again.write_text(printed.out)
            self.assertEqual(ohmic("info", again).out, printed.out)


if __name__ == "__main__":
    unittest.main()
