"""Where results go: only regular files are replaced, folders of results are for one run, what cannot be written is told."""

import contextlib
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import unittest
from functools import partial
from pathlib import Path

import numpy
from ohmic_tool import BUILD, CONFIGS, PATIENCE, ROOT, SystemTest, model_folder, ohmic, wait_until

HELLO = ["run", BUILD / "firmware" / "hello.elf", "--chip", CONFIGS / "aimc1.yaml", "--quiet"]
ENDLESS = ["run", BUILD / "firmware" / "test_mistake.elf", "--chip", CONFIGS / "aimc1.yaml"]
FULL_DEVICE = os.makedev(1, 7)


class Scratch(SystemTest):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.out = self.folder / "out"

    def names(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))

    def start(self, *arguments, **options) -> subprocess.Popen:
        command = [str(word) for word in (BUILD / "ohmic", *arguments)]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT, **options}
        process = subprocess.Popen(command, **options)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def one_line(self, run, *words):
        self.refuses(run, *words)
        self.assertEqual(len(run.err.splitlines()), 1, run.err)

    def experiment(self, images: int = 1) -> Path:
        model_folder("resnet_micro")
        path = self.folder / "experiment.yaml"
        path.write_text(f"chip: {CONFIGS / 'aimc16.yaml'}\nmodel: resnet_micro\nimages: {{count: {images}}}\n")
        return path


class Kinds(Scratch):
    """What stands under the name of an output."""

    def through_fifo(self, fifo: Path, *arguments) -> bytes:
        os.mkfifo(fifo)
        got = []
        reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
        reader.start()
        run = ohmic(*arguments)
        if run.code != 0:
            os.close(os.open(fifo, os.O_RDWR | os.O_NONBLOCK))
        reader.join()
        self.ends(run, 0)
        self.assertTrue(stat.S_ISFIFO(fifo.lstat().st_mode))
        return got[0]

    def test_a_fifo_gets_what_a_file_would(self):
        figures = json.loads(self.through_fifo(self.folder / "json", *HELLO, "--json", self.folder / "json"))
        self.assertEqual(figures["exit_code"], 0)
        plain, piped = self.folder / "plain", self.folder / "piped"
        piped.mkdir()
        options = ["--cores", "0.0=rtl", "--trace", "0.0"]
        self.ends(ohmic(*HELLO, *options, "--out", plain), 0)
        text = self.through_fifo(piped / "trace_0.0.txt", *HELLO, *options, "--out", piped)
        self.assertEqual(text, (plain / "trace_0.0.txt").read_bytes())
        wave = self.through_fifo(piped / "wave_0.0.fst", *HELLO, *options[:2], "--wave", "0.0", "--out", piped)
        self.assertEqual(wave[:1], b"\0", "an FST file begins with a header block")
        self.assertGreater(len(wave), 1000)

    def test_a_trace_that_holds_nothing_says_so(self):
        for options in (("--trace-from", "1000000000"), ("--trace-pc", "0x10-0x20")):
            run = ohmic(*HELLO, "--trace", "0.0", *options, "--out", self.out)
            self.ends(run, 0)
            self.assertIn("ohmic: the trace of core 0.0 is empty", run.err)
        self.assertNotIn("is empty", ohmic(*HELLO, "--trace", "0.0", "--out", self.out).err)

    def test_links_stay_and_their_targets_are_replaced(self):
        (self.folder / "target.json").write_text("earlier")
        (self.folder / "link.json").symlink_to("target.json")
        self.ends(ohmic(*HELLO, "--json", self.folder / "link.json"), 0)
        self.assertTrue((self.folder / "link.json").is_symlink())
        self.assertEqual(json.loads((self.folder / "target.json").read_text())["exit_code"], 0)

    def test_every_file_of_a_folder_of_results(self):
        experiment = self.experiment()
        elsewhere = self.folder / "elsewhere"
        for out in (self.out, elsewhere):
            out.mkdir()
        of_a_run = ("summary.json", "logits.json", "trace_0.0.txt")
        for name in (*of_a_run, "manifest.json", "clusters.bin", "weights.bin", "hbm.bin"):
            (elsewhere / name).write_text("earlier")
            (self.out / name).symlink_to(elsewhere / name)
        self.ends(ohmic("run", experiment, "--out", self.out, "--trace", "0.0", "--quiet"), 0)
        self.ends(ohmic("compile", experiment, "--out", self.out, "--quiet"), 0)
        self.assertTrue(all(path.is_symlink() for path in self.out.iterdir()))
        self.assertEqual(json.loads((self.out / "summary.json").read_text())["exit_code"], 0)
        self.assertNotIn("earlier", [path.read_bytes()[:7].decode("latin1") for path in elsewhere.iterdir()])

    def test_calibrate_writes_into_a_link_and_a_fifo(self):
        source = model_folder("resnet_micro")
        command = ["calibrate", source / "resnet_micro.onnx", "--images", source / "photos", "--quiet", "--out"]
        (self.folder / "link.onnx").symlink_to("target.onnx")
        self.ends(ohmic(*command, self.folder / "link.onnx"), 0)
        self.assertTrue((self.folder / "link.onnx").is_symlink())
        piped = self.through_fifo(self.folder / "fifo", *command, self.folder / "fifo")
        self.assertEqual(piped, (self.folder / "target.onnx").read_bytes())
        standard = subprocess.run(
            [str(word) for word in (BUILD / "ohmic", *command[:-2], "--out", "/dev/stdout")],
            capture_output=True,
            check=True,
        )
        self.assertEqual(standard.stdout, piped, "nothing is mixed into it")

    @unittest.skipIf(os.geteuid() != 0, "only root makes device nodes")
    def test_a_device_stays_one(self):
        device = self.folder / "full"
        try:
            os.mknod(device, 0o666 | stat.S_IFCHR, FULL_DEVICE)
            device.open("wb").close()
        except OSError as error:
            self.skipTest(f"no device nodes here: {error}")
        run = ohmic(*HELLO, "--json", device)
        self.one_line_of(run, f"cannot write {device}: No space left on device")
        self.assertTrue(stat.S_ISCHR(device.lstat().st_mode))

    def one_line_of(self, run, line: str):
        self.ends(run, 2)
        self.assertEqual(run.err.splitlines(), [f"ohmic: {line}"])

    def test_figures_go_on_in_the_file_that_standard_output_goes_to(self):
        with open(self.folder / "log", "w") as log:
            process = self.start(*HELLO, "--json", "/dev/stdout", stdout=log)
            self.assertEqual(process.wait(timeout=PATIENCE), 0)
        text = (self.folder / "log").read_text()
        self.assertIn("hello from cluster 0", text)
        self.assertEqual(json.loads(text[text.index("{") :])["exit_code"], 0)


class OneFileForTwo(Scratch):
    def test_outputs_that_would_replace_each_other_are_refused_before_the_run(self):
        same = self.out / "trace_0.0.txt"
        for options in (
            ["--json", self.folder / "x", "--trace-bursts", self.folder / "x"],
            ["--json", same, "--trace", "0.0", "--out", self.out],
            ["--trace-bursts", same, "--trace", "0.0", "--out", self.out],
        ):
            run = ohmic(*HELLO, *options)
            self.one_line(run, "would be one file")
            self.assertEqual((run.out, self.names()), ("", []))
        experiment = self.experiment()
        for options in (
            ["run", experiment, "--out", self.out, "--trace-bursts", self.out / "summary.json"],
            ["compile", experiment, "--out", self.out, "--write-mapping", self.out / "manifest.json"],
        ):
            self.one_line(ohmic(*options), "would be one file")
            self.assertEqual(self.names(), ["experiment.yaml"])

    def test_what_is_read_is_not_replaced(self):
        program = self.folder / "mine.elf"
        program.write_bytes(HELLO[1].read_bytes())
        run = ["run", program, *HELLO[2:], "--json", program]
        self.one_line(ohmic(*run), "would replace what is read (the program)")
        self.assertEqual(program.read_bytes(), HELLO[1].read_bytes())
        experiment = self.experiment()
        text = experiment.read_bytes()
        for words in (
            ["run", experiment, "--out", self.out, "--trace-bursts", experiment],
            ["compile", experiment, "--out", self.out, "--write-mapping", experiment],
        ):
            self.one_line(ohmic(*words), "would replace what is read (the experiment)")
            self.assertEqual(experiment.read_bytes(), text)

    def test_nothing_that_an_experiment_names_is_replaced(self):
        source = model_folder("resnet_micro")
        here = self.folder
        shutil.copytree(source / "photos", here / "photos")
        shutil.copytree(source / "photos", here / "calibration")
        for name, file in (
            ("net.onnx", source / "resnet_micro.onnx"),
            ("chip.yaml", CONFIGS / "aimc16.yaml"),
            ("energy.yaml", CONFIGS / "energy" / "paper.yaml"),
        ):
            shutil.copyfile(file, here / name)
        experiment = here / "experiment.yaml"
        text = (
            "chip: chip.yaml\nmodel: ./net.onnx\nenergy: energy.yaml\n"
            "images: {dir: photos, calibration: calibration, count: 1}\n"
        )
        experiment.write_text(text)
        mapping = here / "mapping.yaml"
        self.ends(ohmic("compile", experiment, "--out", self.out, "--write-mapping", mapping, "--quiet"), 0)
        experiment.write_text(text + "mapping: {file: mapping.yaml}\n")
        data = here / "data.npz"
        random = numpy.random.default_rng(20261130)
        numpy.savez(data, x=random.integers(0, 256, (4, 32, 32, 3), numpy.uint8), y=numpy.zeros(4, int))

        photo, other = (sorted((here / folder).iterdir())[0] for folder in ("photos", "calibration"))
        named = [experiment, here / "net.onnx", here / "chip.yaml", here / "energy.yaml", mapping, photo, other]
        judged = ["--data", data, "--quiet"]
        commands = (
            (named, ["run", experiment, "--out", self.out, "--quiet", "--trace-bursts"]),
            (named, ["compile", experiment, "--out", self.out, "--quiet", "--write-mapping"]),
            ([*named, data], ["evaluate", experiment, *judged, "--json"]),
            ([here / "net.onnx", other], ["evaluate", named[1], *judged, "--calibration", other.parent, "--json"]),
            ([*named, data], ["hybrid", experiment, *judged, "--json"]),
            ([named[1], photo], ["calibrate", named[1], "--images", photo.parent, "--quiet", "--out"]),
        )
        for files, command in commands:
            for file in files:
                with self.subTest(command[0], file=file.name):
                    before = file.read_bytes()
                    self.one_line(
                        ohmic(*command, file), f"cannot write {file}: {command[-1]} would replace what is read"
                    )
                    self.assertEqual(file.read_bytes(), before)
        self.ends(ohmic("run", experiment, "--out", photo.parent, "--quiet"), 0)
        self.ends(ohmic("run", experiment, "--out", photo.parent, "--quiet"), 0)  # beside pictures, and again

    def test_several_may_go_into_what_is_not_replaced(self):
        self.ends(ohmic(*HELLO, "--json", "/dev/null", "--trace-bursts", "/dev/null"), 0)


class TwoRuns(Scratch):
    def test_the_second_one_is_refused_and_a_killed_one_does_not_block(self):
        first = self.start(*ENDLESS, "--trace", "0.0", "--out", self.out, "--", "6")
        wait_until(lambda: list(self.out.glob("trace*")), first)
        second = ohmic(*HELLO, "--trace", "0.0", "--out", self.out)
        self.one_line(second, f"cannot write to folder {self.out}", "another run", f"process {first.pid}", "ohmic run")
        self.one_line(ohmic("compile", self.experiment(), "--out", self.out), "another run")
        self.one_line(ohmic("run", self.experiment(), "--out", self.out), "another run")
        first.kill()
        first.wait()
        self.assertEqual(len(list(self.out.iterdir())), 1, "what a killed run leaves")
        self.ends(ohmic(*HELLO, "--trace", "0.0", "--out", self.out), 0)
        self.assertEqual([path.name for path in self.out.iterdir()], ["trace_0.0.txt"])

    def test_of_many_at_once_those_that_end_right_have_whole_files(self):
        runs = [self.start(*HELLO, "--trace", "0.0", "--out", self.out) for _ in range(6)]
        codes = [run.wait(timeout=PATIENCE) for run in runs]
        self.assertLessEqual(set(codes), {0, 2})
        self.assertIn(0, codes)
        self.assertEqual([path.name for path in self.out.iterdir()], ["trace_0.0.txt"])
        self.ends(ohmic(*HELLO, "--trace", "0.0", "--out", self.folder / "alone"), 0)
        self.assertEqual(
            (self.out / "trace_0.0.txt").read_bytes(), (self.folder / "alone" / "trace_0.0.txt").read_bytes()
        )


class Signals(Scratch):
    CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}

    def test_each_ends_a_run_with_whole_files(self):
        for number, code in self.CODES.items():
            out = self.folder / str(int(number))
            figures = self.folder / f"{int(number)}.json"
            run = self.start(*ENDLESS, "--trace", "0.0", "--json", figures, "--out", out, "--", "6")
            wait_until(partial(self.traced, out), run)
            run.send_signal(number)
            _, err = run.communicate(timeout=PATIENCE)
            self.assertEqual(run.returncode, code, err)
            self.assertIn("interrupted in cycle", err)
            self.assertEqual([path.name for path in out.iterdir()], ["trace_0.0.txt"])
            self.assertTrue((out / "trace_0.0.txt").read_text().endswith("\n"))
            self.assertEqual(json.loads(figures.read_text())["exit_code"], code)

    def test_each_ends_an_experiment_with_its_summary(self):
        # A pipe that nobody empties keeps a run from ending on any machine, and its first bytes tell that it simulates.
        experiment = self.experiment(16)
        pipe = self.out / "trace_0.0.txt"
        self.out.mkdir()
        os.mkfifo(pipe)
        for number, code in self.CODES.items():
            run = self.start("run", experiment, "--threads", 1, "--trace", "0.0", "--out", self.out)
            with open(pipe, "rb") as trace:
                begin = trace.read(1)
                run.send_signal(number)
                rest = trace.read()
            _, err = run.communicate(timeout=PATIENCE)
            self.assertEqual(run.returncode, code, err)
            self.assertIn("interrupted in cycle", err)
            self.assertEqual((begin, rest[-1:]), (b"#", b"\n"), "whole lines")
            summary = json.loads((self.out / "summary.json").read_text())
            self.assertEqual((summary["end"], summary["exit_code"]), ("interrupted", code))
            self.assertEqual(sorted(path.name for path in self.out.iterdir()), ["summary.json", pipe.name])
            (self.out / "summary.json").unlink()

    def test_two_end_at_once_without_debris(self):
        run = self.start(*ENDLESS, "--trace", "0.0", "--out", self.out, "--", "6")
        wait_until(lambda: list(self.out.glob("trace*")), run)
        run.send_signal(signal.SIGTERM)
        run.send_signal(signal.SIGTERM)
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=PATIENCE)
        self.assertIn(run.returncode, (130, 143))
        self.assertLessEqual(set(self.names()), {"out", "out/trace_0.0.txt"})

    def test_a_run_that_waits_for_a_reader_ends(self):
        os.mkfifo(self.folder / "fifo")
        run = self.start(*HELLO, "--threads", 1, "--json", self.folder / "fifo")
        for _ in range(16):
            self.assertIn("hello from", run.stdout.readline())
        wait_until(lambda: self.state(run) == "S", run)  # all is simulated: it waits for the reader
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=PATIENCE)
        self.assertEqual(run.returncode, 143)

    def test_while_it_is_prepared_nothing_is_left(self):
        photos = model_folder("resnet_micro") / "photos"
        model = self.folder / "model.onnx"
        os.mkfifo(model)
        calibrate = ["calibrate", model, "--images", photos, "--out", self.folder / "new" / "x.onnx"]
        run_it = ["run", self.experiment(), "--model", model, "--images", photos, "--out", self.folder / "new"]
        before = self.names()
        for command in (calibrate, run_it):
            for number, code in self.CODES.items():
                run = self.start(*command)
                writer = self.writer_of(model, run)  # it waits for the model
                run.send_signal(number)
                run.communicate(timeout=PATIENCE)
                os.close(writer)
                self.assertEqual(run.returncode, code)
                self.assertEqual(self.names(), before)

    @staticmethod
    def traced(folder: Path) -> bool:
        """Something of a trace is on the disk: the run simulates."""
        return any(path.stat().st_size for path in folder.glob("trace*"))

    @staticmethod
    def writer_of(fifo: Path, reader: subprocess.Popen) -> int:
        """Opens a FIFO when that process reads it."""
        opened = []

        def is_read() -> bool:
            with contextlib.suppress(OSError):
                opened.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
            return bool(opened)

        wait_until(is_read, reader)
        return opened[0]

    @staticmethod
    def state(process: subprocess.Popen) -> str:
        return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


class FullDisks(Scratch):
    def limited(self, size: int, *arguments):
        """No file may grow past `size`: what a full disk does, in all else."""
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))  # noqa: E731
        process = self.start(*arguments, preexec_fn=limit)
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err

    def test_each_output_is_named_with_the_reason(self):
        source = model_folder("resnet_micro")
        calibrate = ["calibrate", source / "resnet_micro.onnx", "--images", source / "photos", "--quiet"]
        cases = [
            (100, [*HELLO, "--json", self.out / "x.json"], "x.json"),
            (8192, [*HELLO, "--trace", "0.0", "--out", self.out], "trace_0.0.txt"),
            (1000, [*calibrate, "--out", self.out / "x.onnx"], "x.onnx"),
            (1000, ["compile", self.experiment(), "--out", self.out, "--quiet"], "clusters.bin"),
            (1000, ["run", self.experiment(), "--out", self.out, "--quiet"], "summary.json"),
        ]
        for size, arguments, name in cases:
            self.out.mkdir(exist_ok=True)
            code, _, err = self.limited(size, *arguments)
            self.assertEqual(code, 2, err)
            self.assertEqual(err.splitlines(), [f"ohmic: cannot write {self.out / name}: File too large"])
            self.assertLessEqual({path.name for path in self.out.iterdir()}, {"logits.json"}, "small enough: whole")

    def test_standard_output(self):
        for arguments in (HELLO, ["info", CONFIGS / "aimc4.yaml"], ["--help"], ["--version"]):
            with open("/dev/full", "wb") as full:
                run = self.start(*arguments, stdout=full)
                _, err = run.communicate(timeout=PATIENCE)
            self.assertEqual(run.returncode, 2)
            self.assertEqual(err, "ohmic: cannot write standard output: No space left on device\n")

    def test_a_pipe_that_nobody_reads(self):
        reading, writing = os.pipe()
        os.close(reading)
        run = self.start(*HELLO, stdout=writing)
        os.close(writing)
        _, err = run.communicate(timeout=PATIENCE)
        self.assertEqual(run.returncode, 2)
        self.assertEqual(err, "ohmic: cannot write standard output: Broken pipe\n")

    def test_a_closed_standard_output_is_no_other_file(self):
        trace = ["--trace", "0.0", "--out", self.out]
        run = self.start(*HELLO, *trace, stdout=None, preexec_fn=lambda: os.close(1))
        _, err = run.communicate(timeout=PATIENCE)
        self.assertEqual(run.returncode, 2)
        self.assertEqual(err, "ohmic: cannot write standard output: Bad file descriptor\n")
        self.assertNotIn("hello from", (self.out / "trace_0.0.txt").read_text())

    def test_a_folder_that_nobody_may_write(self):
        for out in ("/proc/nowhere", "/proc"):
            self.one_line(ohmic("run", self.experiment(), "--out", out), "cannot write", out)
        self.one_line(ohmic(*HELLO, "--json", self.folder / "none" / "x"), "none/x", "No such file or directory")


class LittleOfTheSystem(Scratch):
    def within(self, megabytes: int, *arguments):
        limit = megabytes << 20
        process = self.start(*arguments, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        _, err = process.communicate(timeout=PATIENCE)
        return process.returncode, err

    def test_memory(self):
        if self.within(30, "--version")[0] != 0:
            self.skipTest("this program reserves much before it starts: a sanitizer's")
        large = [*HELLO[:2], "--chip", CONFIGS / "aimc512.yaml"]
        source = model_folder("resnet_micro")
        calibrate = ["calibrate", source / "resnet_micro.onnx", "--images", source / "photos48", "--threads", 1]
        cases = [(30, large), (100, large), (600, large), (25, [*calibrate, "--out", self.out / "x.onnx"])]
        for megabytes, arguments in cases:
            code, err = self.within(megabytes, *arguments)
            self.assertEqual(code, 2, err)
            self.assertEqual(len(err.splitlines()), 1, err)
            self.assertRegex(err, r"^ohmic: (the system gives too little memory to \w+|cannot reserve \d+ bytes for)")

    def test_threads(self):
        def alone():
            if os.geteuid() == 0:  # root has no limit
                os.setgid(65534)
                os.setuid(65534)
            resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))

        # A leak checker would need a thread of its own.
        environment = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        run = self.start(*HELLO, "--threads", 2, preexec_fn=alone, env=environment)
        out, err = run.communicate(timeout=PATIENCE)
        if run.returncode == 0 or "Permission denied" in err:
            self.skipTest("another user may not run it, or has no limit")
        self.assertEqual(run.returncode, 2, err)
        self.assertIn("ohmic: cannot start thread 2 of 2: Resource temporarily unavailable", err)
        self.assertEqual(len(err.splitlines()), 1, err)

    def test_a_folder_where_a_file_is_expected(self):
        for arguments in (
            ("run", self.experiment(), "--set", f"model={self.folder}/", "--out", self.out),
            ("run", self.experiment(), "--model", self.folder, "--out", self.out),
            ("run", self.experiment(), "--firmware", self.folder, "--out", self.out),
            ("run", self.folder),
            ("info", self.folder),
            ("calibrate", self.folder, "--images", self.folder, "--out", self.out),
            ("run", HELLO[1], "--chip", self.folder),
        ):
            run = ohmic(*arguments)
            self.one_line(run, f" {self.folder}")
            self.assertRegex(run.err, "Is a directory|is a folder")
            self.assertNotIn("basic_filebuf", run.err)


if __name__ == "__main__":
    unittest.main()
