"""A user's mistakes: exit code 2, one clear message with its place, and no half-written result."""

import tempfile
import unittest
from pathlib import Path

from ohmic_tool import BUILD, CONFIGS, SystemTest, model_folder, ohmic

EXPERIMENT = CONFIGS / "resnet_tiny_aimc64.yaml"


class Mistakes(SystemTest):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = Path(self.scratch.name)
        self.out = self.folder / "out"
        model_folder("resnet_micro")

    def micro(self, *options):
        """resnet_micro on 16 clusters, with options that make it wrong."""
        return ohmic(
            "run",
            EXPERIMENT,
            "--chip",
            CONFIGS / "aimc16.yaml",
            "--model",
            "resnet_micro",
            "--images-count",
            1,
            "--out",
            self.out,
            *options,
        )

    def leaves_nothing(self):
        """Neither a file nor an empty folder where the results would have gone."""
        left = sorted(str(path) for path in self.out.rglob("*")) if self.out.is_dir() else []
        self.assertEqual(left, [])
        self.assertFalse(self.out.exists())

    def test_commands_and_options(self):
        self.refuses(ohmic(), "command is missing", "--help")
        self.refuses(ohmic("frobnicate"), "frobnicate")
        self.refuses(ohmic("run"), "FILE")
        self.refuses(ohmic("run", EXPERIMENT, "--frob"), "--frob")
        self.refuses(ohmic("run", EXPERIMENT, "--threads", "0"), "--threads")
        self.refuses(ohmic("run", EXPERIMENT, "--images-count", "0"), "--images-count")
        self.refuses(ohmic("run", EXPERIMENT, "--json", "x"), "--json", "programs")
        self.refuses(
            ohmic("run", BUILD / "firmware" / "hello.elf", "--chip", CONFIGS / "aimc1.yaml", "--check", "layers"),
            "--check",
            "experiments",
        )
        self.refuses(ohmic("run", EXPERIMENT, "--trace", "x"), "--trace x", "CLUSTERS.CORES")
        self.refuses(ohmic("run", EXPERIMENT, "--trace", "64.0", "--out", self.out), "64.0", "0 to 63")
        for words in (
            ["run", EXPERIMENT],
            ["info", CONFIGS / "aimc1.yaml"],
            ["compile", EXPERIMENT, "--out", self.out],
        ):
            self.refuses(ohmic(*words, "--", "word"), "words behind -- are for programs")
        hello = [BUILD / "firmware" / "hello.elf", "--chip", CONFIGS / "aimc1.yaml"]
        for what in ([EXPERIMENT, "--out", self.out], hello):
            self.refuses(ohmic("run", *what, "--lockstep-mismatches", "2"), "no core is in lock-step")
        self.refuses(ohmic("run", BUILD / "firmware" / "hello.elf"), "--chip")
        self.refuses(self.micro("--inject", "flip-weight=0"), "flip-weight")
        self.refuses(self.micro("--inject", "flip-weight=1000000000"), "fewer weights")
        self.leaves_nothing()

    def test_help_and_version_are_no_mistakes(self):
        for words in (["--help"], ["run", "--help"], ["--version"]):
            run = ohmic(*words)
            self.ends(run, 0)
            self.assertTrue(run.out)

    def test_yaml(self):
        bad = self.folder / "bad.yaml"
        bad.write_text("chip: x.yaml\nmodels: resnet_micro\n")
        self.refuses(ohmic("run", bad), "bad.yaml:2:1", "models", "model")
        bad.write_text(f"chip: {CONFIGS / 'aimc16.yaml'}\nimages: [1, 2\n")
        self.refuses(ohmic("run", bad), "bad.yaml:")
        self.refuses(ohmic("run", EXPERIMENT, "--set", "engine.windw=3"), "engine.windw", "engine.window")
        self.refuses(ohmic("run", EXPERIMENT, "--set", "cluster.cores=65"), "cluster.cores", "65", "64")
        self.refuses(ohmic("run", self.folder / "none.yaml"), "none.yaml")
        self.refuses(ohmic("info", self.folder / "none.yaml"), "none.yaml")
        self.refuses(self.micro("--set", "adc=exact"), "adc")

    def test_a_network_that_does_not_fit(self):
        self.refuses(
            ohmic("run", EXPERIMENT, "--model", "resnet_micro", "--chip", CONFIGS / "aimc1.yaml", "--out", self.out),
            "crossbars",
        )
        self.leaves_nothing()

    def test_stacks_too_small_for_the_kernels_are_refused_and_the_least_ones_named_do(self):
        cores = ("--set", "cluster.cores=16")
        run = self.micro(*cores, "--set", "cluster.program_l1_bytes=16 KiB")
        self.refuses(run, "cluster.program_l1_bytes: 16384 bytes of L1 are too few", "20480 are needed")
        self.ends(self.micro(*cores, "--set", "cluster.program_l1_bytes=20 KiB"), 0)

    def test_models(self):
        onnx = (model_folder("resnet_micro") / "resnet_micro.onnx").read_bytes()
        cut = self.folder / "cut.onnx"
        cut.write_bytes(onnx[: len(onnx) // 2])
        self.refuses(self.micro("--model", cut), "cut.onnx")
        cut.write_bytes(b"")
        self.refuses(self.micro("--model", cut), "cut.onnx")
        self.refuses(self.micro("--model", self.folder / "none.onnx"), "none.onnx")
        self.refuses(self.micro("--model", "no_such_model"), "no_such_model", "ohmic models list")
        cut.write_bytes(onnx)
        self.refuses(
            self.micro("--model", cut, "--images", model_folder("resnet_micro") / "photos"),
            "not calibrated",
            "ohmic calibrate",
        )
        self.leaves_nothing()

    def test_images(self):
        self.refuses(self.micro("--images", self.folder / "none"), "none")
        empty = self.folder / "empty"
        empty.mkdir()
        self.refuses(self.micro("--images", empty), "empty")
        photograph = (model_folder("resnet_micro") / "photos" / "00_china.png").read_bytes()
        (empty / "cut.png").write_bytes(photograph[: len(photograph) // 2])
        self.refuses(self.micro("--images", empty), "cut.png")
        self.leaves_nothing()

    def test_firmware(self):
        elf = (BUILD / "firmware" / "hello.elf").read_bytes()
        cut = self.folder / "cut.elf"
        for bytes_kept in (0, 3, 40, len(elf) // 2):
            cut.write_bytes(elf[:bytes_kept])
            self.refuses(ohmic("run", cut, "--chip", CONFIGS / "aimc1.yaml"), "cut.elf")
        cut.write_bytes(Path("/bin/true").read_bytes())
        self.refuses(ohmic("run", cut, "--chip", CONFIGS / "aimc1.yaml"), "cut.elf")
        self.refuses(ohmic("run", self.folder / "none.elf", "--chip", CONFIGS / "aimc1.yaml"), "none.elf")

    def test_output_that_cannot_be_written(self):
        self.out.write_text("a file where the folder should be")
        self.refuses(self.micro(), "out")
        self.assertEqual(self.out.read_text(), "a file where the folder should be")
        self.refuses(
            ohmic(
                "calibrate",
                model_folder("resnet_micro") / "resnet_micro.onnx",
                "--images",
                model_folder("resnet_micro") / "photos",
                "--out",
                self.out / "x.onnx",
            ),
            "out",
        )
        self.refuses(ohmic("compile", EXPERIMENT, "--out", self.out), "out")
        self.assertEqual(self.out.read_text(), "a file where the folder should be")

    def test_a_refusal_leaves_no_folder(self):
        deep = self.out / "deep" / "er"
        onnx = model_folder("resnet_micro") / "resnet_micro.onnx"
        self.refuses(self.micro("--out", deep, "--model", "no_such_model"), "no_such_model")
        self.refuses(self.micro("--out", deep, "--trace", "0.0", "--firmware", self.folder / "none.elf"), "none.elf")
        self.refuses(ohmic("compile", EXPERIMENT, "--model", "no_such_model", "--out", deep), "no_such_model")
        self.refuses(ohmic("calibrate", onnx, "--images", self.folder / "none", "--out", deep / "x.onnx"), "none")
        hello = ["run", BUILD / "firmware" / "hello.elf", "--chip", CONFIGS / "aimc1.yaml"]
        cut = self.folder / "cut.elf"
        cut.write_bytes(b"\177ELF")
        self.refuses(ohmic("run", cut, *hello[2:], "--trace", "0.0", "--out", deep), "cut.elf")
        self.refuses(ohmic(*hello, "--trace", "0.0", "--out", deep, "--", "x" * 256), "255")
        self.leaves_nothing()

    def test_a_folder_that_was_there_stays(self):
        self.out.mkdir()
        self.refuses(self.micro("--model", "no_such_model"), "no_such_model")
        self.assertEqual(list(self.out.iterdir()), [])

    def test_a_mistake_leaves_earlier_results_alone(self):
        self.ends(self.micro("--quiet"), 0)
        before = (self.out / "summary.json").read_bytes()
        self.refuses(self.micro("--model", "no_such_model"), "no_such_model")
        self.assertEqual((self.out / "summary.json").read_bytes(), before)


if __name__ == "__main__":
    unittest.main()
