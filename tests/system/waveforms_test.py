"""Waveforms of RTL cores: they show what the core did, in the platform's cycles, and only where they were asked for."""

import json
import re
import signal
import subprocess
import tempfile
from pathlib import Path

from ohmic_tool import BUILD, CONFIGS, PATIENCE, SystemTest, main_with_rtl, ohmic, run_network, run_program, wait_until

try:
    from fst_file import PS_PER_CYCLE, FstFile
except ImportError as error:
    print(f"SKIPPED: {error} (scripts/setup installs it)")
    raise SystemExit(77) from error

REGISTERS = [f"register_file_i.mem.mem[{r}]" for r in range(1, 32)]


def trace(path: Path) -> list[tuple[int, int, str]]:
    """Cycle, pc and the rest of each line."""
    lines = [line.split(None, 2) for line in path.read_text().splitlines()[1:]]
    return [(int(cycle), int(pc, 16), rest) for cycle, pc, rest in lines]


class Waveforms(SystemTest):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.out = Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)

    def record(self, program: str, *options, code: int = 0, out: str = "", cores: str = "rtl"):
        folder = self.out / out
        chip = () if "--chip" in options else ("--chip", CONFIGS / "aimc1.yaml")
        elf = BUILD / "firmware" / f"{program}.elf"
        written = ("--out", folder) if {"--wave", "--trace"} & set(options) else ()
        run = ohmic("run", elf, *chip, "--cores", cores, *written, *options)
        self.ends(run, code)
        return run

    def test_shows_the_instructions_registers_and_accesses_that_the_trace_tells(self):
        for core, cores in (("0.3", "rtl"), ("0.0", "lockstep")):
            self.record("dot_product", "--wave", core, "--trace", core, cores=cores)
            names = ["issue_o", "pc_id_o", "data_req_o", "data_gnt_i", "data_we_o", "data_addr_o", *REGISTERS]
            wave = FstFile(self.out / f"wave_{core}.fst", *names)
            lines = trace(self.out / f"trace_{core}.txt")
            self.assertGreater(len(lines), 1000)
            # An instruction that leaves ID in a cycle is in EX, where the trace has it, in the next.
            issued = [(cycle + 1, wave.at("pc_id_o", cycle)) for cycle in wave.cycles if wave.at("issue_o", cycle)]
            retired = [(cycle, pc) for cycle, pc, _ in lines]
            self.assertEqual(issued[: len(retired)], retired)
            self.assertLess(len(issued) - len(retired), 4, "only what was under way at the end")

            granted = [
                ("store" if wave.at("data_we_o", cycle) else "load", wave.at("data_addr_o", cycle) & ~3)
                for cycle in wave.cycles
                if wave.at("data_req_o", cycle) and wave.at("data_gnt_i", cycle)
            ]
            accesses = re.findall(r"(load|store)\d+\[(\w+)\]", " ".join(rest for _, _, rest in lines))
            told = [(kind, int(address, 16) & ~3) for kind, address in accesses]
            self.assertGreater(len(told), 100)
            self.assertEqual(granted[: len(told)], told)

            last = wave.cycles[-1]
            settled = [rest for cycle, _, rest in lines if cycle < last - 40]
            for name in REGISTERS:
                register = re.search(r"\d+", name).group()
                writes = re.findall(rf" x{register}=(\w+)", " ".join(settled))
                if writes:
                    self.assertEqual(wave.at(name, last - 40), int(writes[-1], 16), name)

    def test_shows_a_core_from_the_hand_over_to_the_rtl_until_the_hand_over_back(self):
        hand_overs = ("--hand-over", "0.0=rtl@cycle:10000", "--hand-over", "0.0=iss@cycle:20000")
        self.record("dot_product", *hand_overs, "--wave", "0.0", "--trace", "0.0", cores="iss")
        wave = FstFile(self.out / "wave_0.0.fst", "issue_o", "pc_id_o")
        self.assertIn(wave.cycles[0], range(10_000, 10_100))
        self.assertIn(wave.cycles[-1], range(19_900, 20_100))
        issued = [(cycle + 1, wave.at("pc_id_o", cycle)) for cycle in wave.cycles if wave.at("issue_o", cycle)]
        retired = [(cycle, pc) for cycle, pc, _ in trace(self.out / "trace_0.0.txt")]
        begin = retired.index(issued[0])
        self.assertGreater(len(issued), 1000)
        self.assertEqual(issued[:-4], retired[begin : begin + len(issued) - 4])

    def test_shows_ibex_cores_too(self):
        if "built without" in run_program("startup", "--cores", "0.0=ibex", chip="aimc1.yaml").err:
            self.skipTest("built without Ibex")
        self.record("hello", "--wave", "0.0-1", "--trace", "0.1", cores="ibex")
        wave = FstFile(self.out / "wave_0.1.fst", "new_in_id_o", "pc_id_o", "rvfi_valid_o", "rvfi_pc_o")
        lines = trace(self.out / "trace_0.1.txt")
        self.assertGreater(len(lines), 100)
        retired = [wave.at("rvfi_pc_o", cycle) for cycle in wave.cycles if wave.at("rvfi_valid_o", cycle)]
        self.assertLess(len(lines) - len(retired), 2, "the last cycle of a run may have begun only")
        self.assertEqual(retired, [pc for _, pc, _ in lines][: len(retired)])
        for cycle, pc, _ in lines:
            self.assertEqual((wave.at("new_in_id_o", cycle), wave.at("pc_id_o", cycle)), (1, pc), f"cycle {cycle}")

    def test_time_is_the_platforms_and_goes_on_while_the_core_sleeps(self):
        run = self.record("dot_product", "--wave", "0.3", "--json", self.out / "run.json")
        wave = FstFile(self.out / "wave_0.3.fst", "elw_busy_o")
        total = json.loads((self.out / "run.json").read_text())["cycles"]
        self.assertEqual(wave.timescale, -12)
        self.assertIn(f"wave_0.3.fst, {len(wave.cycles)} cycles", run.err)
        self.assertLess(len(wave.cycles), total / 4, "it sleeps nearly always")
        gaps = [(a, b) for a, b in zip(wave.cycles, wave.cycles[1:], strict=False) if b != a + 1]
        self.assertTrue(gaps)
        self.assertGreater(max(b - a for a, b in gaps), 20_000, "the longest sleep, in real time")
        for before, _ in gaps:
            self.assertEqual(wave.at("elw_busy_o", before), 1, f"in cv.elw after cycle {before}")

    def test_only_the_cycles_and_cores_asked_for_are_recorded(self):
        names = ["pc_id_o", "data_addr_o", "instr_rdata_i", *REGISTERS]
        self.record("dot_product", "--wave", "0.0", out="all")
        self.record("dot_product", "--wave", "0.0,2-3", "--wave-from", 200, "--wave-to", 599, out="some")
        self.assertEqual(
            sorted(path.name for path in (self.out / "some").iterdir()),
            ["wave_0.0.fst", "wave_0.2.fst", "wave_0.3.fst"],
        )
        whole, part = (FstFile(self.out / f"{folder}/wave_0.0.fst", *names) for folder in ("all", "some"))
        self.assertEqual(part.cycles, [cycle for cycle in whole.cycles if 200 <= cycle <= 599])
        self.assertGreaterEqual(part.start, 200 * PS_PER_CYCLE)
        self.assertLess(part.end, 600 * PS_PER_CYCLE)
        for cycle in part.cycles:
            for name in names:
                self.assertEqual(part.at(name, cycle), whole.at(name, cycle), f"{name} in cycle {cycle}")

    def test_any_number_of_threads_records_the_same(self):
        chip = ("--chip", CONFIGS / "aimc4.yaml")
        for threads in (1, 2):
            self.record("hello", "--wave", "all.0-1", "--threads", threads, *chip, out=str(threads))
        files = sorted(path.name for path in (self.out / "1").iterdir())
        self.assertEqual(files, [f"wave_{cluster}.{core}.fst" for cluster in range(4) for core in range(2)])
        header = 337  # of the file; it holds the date
        for name in files:
            one, two = ((self.out / folder / name).read_bytes()[header:] for folder in ("1", "2"))
            self.assertEqual(one, two, name)

    def test_observing_changes_no_cycle(self):
        def cycles(*options, cores="rtl"):
            return re.search(r"(\d+) cycles, \d+ instr", self.record("dot_product", *options, cores=cores).err).group(1)

        plain = cycles()
        self.assertEqual(cycles("--wave", "0.all"), plain)
        self.assertEqual(cycles("--trace", "0.0"), plain)
        self.assertEqual(cycles(cores="lockstep"), plain)

    def test_a_run_that_fails_leaves_its_waveform_up_to_there(self):
        # The program stores to nowhere; at the end of the waveform the core is granted that access.
        self.record("test_mistake", "--wave", "0.0", *("--", "1"), code=4)
        wave = FstFile(self.out / "wave_0.0.fst", "data_req_o", "data_we_o", "data_addr_o")
        last = wave.cycles[-200:]
        self.assertTrue(any(wave.at("data_addr_o", c) == 0x20000000 and wave.at("data_we_o", c) for c in last))

        self.record("test_mistake", "--wave", "0.0", "--max-cycles", "30000", *("--", "6"), code=6)
        self.assertGreater(FstFile(self.out / "wave_0.0.fst").cycles[-1], 25_000)

    def test_an_interrupted_run_leaves_its_waveform(self):
        command = [BUILD / "ohmic", "run", BUILD / "firmware/test_mistake.elf", "--chip", CONFIGS / "aimc1.yaml"]
        options = ["--cores", "0.0=rtl", "--wave", "0.0", "--trace", "0.0", "--out", self.out, "--", "6"]
        process = subprocess.Popen([*map(str, command + options)], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        kilobytes = 16 << 10  # of the trace: hundreds of instructions, each a cycle at least
        wait_until(lambda: any(path.stat().st_size > kilobytes for path in self.out.glob("trace*")), process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(sorted(path.name for path in self.out.iterdir()), ["trace_0.0.txt", "wave_0.0.fst"])
        self.assertGreater(len(FstFile(self.out / "wave_0.0.fst").cycles), 100)

    def test_a_core_that_never_ran_is_named(self):
        run = self.record("hello", "--wave", "0.1", "--wave-from", "1000000")
        self.says(run, "ohmic: no waveform of core 0.1")
        self.assertEqual(list(self.out.iterdir()), [])

    def test_an_experiment_records_too(self):
        options = ("--cores", "1.0=rtl", "--wave", "1.0", "--wave-from", 5000, "--wave-to", 5999)
        run = run_network("aimc16.yaml", "resnet_micro", *options, images=1)
        self.ends(run, 0)
        self.assertEqual(run.files, ["logits.json", "summary.json", "wave_1.0.fst"])
        self.assertEqual(run.summary["golden"]["mismatching_values"], 0)

    def test_mistakes_are_one_line(self):
        def refused(*options, words):
            written = ("--out", self.out / "new") if "--wave" in options else ()
            run = run_program("hello", *options, *written, chip="aimc4.yaml")
            self.refuses(run, *words)
            self.assertEqual(len(run.err.splitlines()), 1, run.err)
            self.assertFalse((self.out / "new").exists(), "a refused run leaves nothing")

        refused("--wave", "0.3", words=("--wave 0.3: core 0.3 is of model iss", "--cores 0.3=rtl"))
        refused("--wave", "all.0", "--cores", "1-3.0=rtl", words=("core 0.0 is of model iss",))
        refused("--wave", "0", "--cores", "rtl", words=("--wave 0: ", "CLUSTERS.CORES"))
        refused("--wave", "4.0", "--cores", "rtl", words=("--wave 4.0: clusters:", "from 0 to 3"))
        refused("--wave", "0.16", "--cores", "rtl", words=("--wave 0.16: cores:", "from 0 to 15"))
        refused("--wave", "0.", "--cores", "rtl", words=("--wave 0.: cores:",))
        refused("--wave-to", "5", words=("--wave-to: ", "--wave CLUSTERS.CORES"))
        refused("--wave-from", "x", "--wave", "0.0", words=("--wave-from",))
        bounds = ("--wave-from", "20", "--wave-to", "10")
        refused("--wave", "0.0", "--cores", "rtl", *bounds, words=("--wave-from 20 --wave-to 10",))

    def test_a_file_that_cannot_be_written_stops_the_run_before_it_starts(self):
        (self.out / "wave_0.0.fst").mkdir()
        (self.out / "plain").write_text("")
        for folder in (self.out, self.out / "plain", "/proc/nowhere"):
            run = run_program("hello", "--cores", "rtl", "--wave", "0.0", "--out", folder, chip="aimc1.yaml")
            self.refuses(run, "cannot write", str(folder))
            self.assertEqual(len(run.err.splitlines()), 1, run.err)


if __name__ == "__main__":
    main_with_rtl()
