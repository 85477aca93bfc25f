"""Cores handed over between models during a run: outputs stay, the run says what became of it, mistakes are named."""

import json
import re
import tempfile
from pathlib import Path

from ohmic_tool import SystemTest, main_with_rtl, run_network, run_program

THERE_AND_BACK = ("--hand-over", "all.all=rtl@cycle:2500", "--hand-over", "all.all=iss@cycle:5000")


def hand_overs(*wishes: str) -> list[str]:
    return [word for wish in wishes for word in ("--hand-over", wish)]


class HandOver(SystemTest):
    def test_a_program_goes_there_and_back_and_the_run_says_when(self):
        for example in ("dot_product", "hello", "dma_pingpong", "ima_job"):
            iss = run_program(example)
            moved = run_program(example, *THERE_AND_BACK)
            self.ends(moved, 0)
            # Which core gets the console's lock first may hang on a single cycle.
            lines = [sorted(re.sub(r"\d+ cycles", "", run.out).splitlines()) for run in (iss, moved)]
            self.assertEqual(*lines, example)
            there = re.search(
                r"hand-over 0-3\.0-15=rtl@cycle:2500: 64 of 64 cores, cycles? (\d+)( to \d+)?\n", moved.err
            )
            back = re.search(
                r"hand-over 0-3\.0-15=iss@cycle:5000: 64 of 64 cores, cycles? (\d+)( to \d+)?\n", moved.err
            )
            self.assertIsNotNone(there, moved.err)
            self.assertIsNotNone(back, moved.err)
            self.assertGreaterEqual(int(there[1]), 2500)
            self.assertGreaterEqual(int(back[1]), 5000)

    def test_a_network_gives_the_same_outputs_with_any_threads(self):
        iss = run_network("aimc16.yaml", "resnet_micro", images=1)
        wishes = hand_overs("0-7.all=rtl@marker:0", "0-7.all=lockstep@cycle:40000", "0-3.all=iss@cycle:60000")
        runs = [run_network("aimc16.yaml", "resnet_micro", *wishes, images=1, threads=threads) for threads in (1, 2)]
        for run in runs:
            self.ends(run, 0)
            self.assertEqual(run.summary["golden"]["mismatching_values"], 0)
            self.assertEqual(run.logits, iss.logits)
            self.assertAlmostEqual(iss.summary["cycles"] / run.summary["cycles"], 1, delta=0.02)
            done = run.summary["hand_overs"]
            self.assertEqual([d["handed_over"] for d in done], [128, 128, 64])
            self.assertGreaterEqual(done[1]["first_cycle"], 40000)
            self.assertGreaterEqual(done[2]["first_cycle"], 60000)
            begin = run.summary["boot_cycles"]  # the marker's cycle
            self.assertGreater(done[0]["first_cycle"], begin)
            self.assertLess(done[0]["first_cycle"], begin + 20)
        self.assertEqual(runs[0].summary["result_hash"], runs[1].summary["result_hash"])
        self.assertEqual(runs[0].summary["hand_overs"], runs[1].summary["hand_overs"])

    def test_in_the_middle_of_a_kernel(self):
        plain = run_program("dot_product", chip="aimc1.yaml")
        moments = hand_overs("all.all=rtl@cycle:27500", "all.all=iss@cycle:28500", "0.0-3=lockstep@cycle:29000")
        moved = run_program("dot_product", *moments, chip="aimc1.yaml")
        self.ends(moved, 0)  # the program asserts that its sum is right
        for part in ("rtl@cycle:27500: 16 of 16", "iss@cycle:28500: 16 of 16", "lockstep@cycle:29000: 4 of 4"):
            self.assertIn(part, moved.err)
        took = [int(re.search(r"cores: (\d+) cycles", run.out)[1]) for run in (plain, moved)]
        # The kernel's bank conflicts hang on how the cores' accesses meet: any shift of a cycle moves it by per cents.
        self.assertAlmostEqual(took[0] / took[1], 1, delta=0.15)

    def test_a_core_changes_in_front_of_a_symbol(self):
        # Core 0 calls no dot: it has a copy of its own in main.
        run = run_program("dot_product", *hand_overs("0.all=rtl@symbol:dot", "1.0=rtl@symbol:main"))
        self.ends(run, 0)
        self.assertIn("hand-over 0.0-15=rtl@symbol:dot: 15 of 16 cores", run.err)
        self.assertIn("1 not: never came to symbol:dot", run.err)
        self.assertIn("hand-over 1.0=rtl@symbol:main: 1 of 1 core, cycle ", run.err)

    def test_files_say_the_same(self):
        with tempfile.TemporaryDirectory() as scratch:
            chip = Path(scratch) / "chip.yaml"
            chip.write_text(
                "network: {factors: [1, 1]}\n"
                'cores: {hand_over: [{clusters: "0", cores: "0-3", model: lockstep, at: "cycle:2500"}]}\n'
            )
            figures = Path(scratch) / "figures.json"
            run = run_program("dot_product", "--json", figures, chip=chip)
            self.ends(run, 0)
            self.assertIn("hand-over 0.0-3=lockstep@cycle:2500: 4 of 4 cores", run.err)
            self.assertIn("retirements compared", run.err)
            self.assertEqual(json.loads(figures.read_text())["hand_overs"][0]["handed_over"], 4)

    def test_traces_and_waveforms_go_on(self):
        traces = []
        for words in ([], THERE_AND_BACK):
            with tempfile.TemporaryDirectory() as out:
                waves = ["--wave", "0.3"] if words else []
                run = run_program("dot_product", "--trace", "0.3", "--out", out, *words, *waves, chip="aimc1.yaml")
                self.ends(run, 0)
                lines = (Path(out) / "trace_0.3.txt").read_text().splitlines()[1:]
                traces.append([line.split(None, 1)[1] for line in lines])
                cycles = [int(line.split()[0]) for line in lines]
                self.assertEqual(cycles, sorted(cycles))
                if words:
                    self.assertTrue((Path(out) / "wave_0.3.fst").is_file())
        self.assertGreater(len(traces[0]), 1000)
        self.assertEqual(*traces)

    def test_a_moment_that_never_comes_is_said(self):
        run = run_program("hello", *hand_overs("0.all=rtl@marker:9", "1.0=rtl@cycle:99999999", "1.1=rtl@symbol:exit"))
        self.ends(run, 0)
        self.says(run, "0 of 16 cores; 16 not: marker 9 was never written")
        self.says(run, "0 of 1 core; 1 not: the run ended before cycle 99999999")
        self.says(run, "0 of 1 core; 1 not: never came to symbol:exit")
        quiet = run_program("hello", "--quiet", *hand_overs("0.0=rtl@marker:9", "0.1=rtl@cycle:10"))
        self.assertEqual(len(quiet.err.splitlines()), 1, quiet.err)

    def test_beside_ibex_clusters(self):
        plain = run_program("hello", "--cores", "1.all=ibex")
        if "built without Ibex" in plain.err:
            self.skipTest("built without Ibex")
        moved = run_program(
            "hello", "--cores", "1.all=ibex", *hand_overs("0.all=rtl@cycle:2500", "0.all=iss@cycle:4000")
        )
        self.ends(moved, 0)
        self.assertEqual(sorted(moved.out.splitlines()), sorted(plain.out.splitlines()))
        self.says(moved, "rtl@cycle:2500: 16 of 16 cores", "iss@cycle:4000: 16 of 16 cores")
        refused = run_program("hello", "--cores", "1.all=ibex", *hand_overs("0-1.all=rtl@cycle:2500"))
        self.refuses(refused, "core 1.0 is ibex, which is not handed over")
        self.refuses(run_program("hello", *hand_overs("0.0=ibex@cycle:5")), '"ibex" is not allowed')

    def test_mistakes_are_named(self):
        def refused(*wishes: str):
            return run_program("hello", *hand_overs(*wishes))

        self.refuses(refused("0.0=rtl@symbol:nosuch"), "no symbol nosuch")
        self.refuses(refused("0.0=rtl@pc:0x10000000"), "no instruction of the program stands there")
        self.refuses(refused("0.0=rtl@noon"), "noon", "marker:0")
        self.refuses(refused("0.0=rtl"), "CLUSTERS.CORES=MODEL@MOMENT")
        self.refuses(refused("0.16=rtl@cycle:5"), "0 to 15")
        self.refuses(refused("4.0=rtl@cycle:5"), "0 to 3")
        self.refuses(refused("0.0=iss@cycle:5"), "core 0.0 is iss by then already")
        self.refuses(refused("0.all=rtl@cycle:5", "0.1=rtl@marker:1"), "core 0.1 is rtl by then already")
        self.refuses(refused("0.all=rtl@cycle:5", "0.1=iss@cycle:5"), "core 0.1 is handed over at cycle 5 before")


if __name__ == "__main__":
    main_with_rtl()
