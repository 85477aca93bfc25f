"""Every `ohmic` command line of README and docs does what it says: it is read from the pages and run as a user would.

Only what stands in SHORTER and FILES is changed, and forms (`ohmic run EXPERIMENT.yaml`) are not run; so a new command
that does not work, or takes too long, fails here.
"""

import re
import shlex
import tempfile
import unittest
from pathlib import Path

from ohmic_tool import BUILD, CACHE, ROOT, model_folder, ohmic

# Words that name the reader's own files, and files of ours in their place.
FILES = {
    "mine.elf": "build/release/firmware/dot_product.elf",
    "ibex=mine_for_ibex.elf": "ibex=build/release/firmware/ibex/hello.elf",
}

# The large network takes a minute to make: where nobody has made it yet, the small one stands for it.
# tests/sw/compiler/mapping/resnet18_shapes_test.cpp maps the large one's shapes with every option of the pages.
STANDS_FOR = {
    "configs/resnet18_aimc512.yaml": "configs/resnet_tiny_aimc64.yaml",
    "out/resnet18/summary.json": "out/resnet_tiny/summary.json",
}

# Words of commands that take minutes, and what is appended: the same chip and network, fewer images and no trials.
SHORTER = {
    "configs/resnet18_aimc512.yaml": ["--images-count", "1"],
    "configs/resnet_tiny_aimc64.yaml": ["--images-count", "1"],
    "mapping.policy=best": ["--set", "mapping.trials=0"],
}

# Names of commands and patterns, in running text.
FORMS = {
    "ohmic run EXPERIMENT.yaml",
    "ohmic run EXPERIMENT.yaml --energy FILE",
    "ohmic run PROGRAM.elf --json FILE",
    "ohmic calibrate NET.onnx --images FOLDER --out FILE",
    "ohmic evaluate NET.onnx --data DATA --calibration OTHER_DATA --input YAML --json FILE",
    "ohmic evaluate NET --data DATA --time 1s,1h,1d,1mo,1y --draws 20",
    "ohmic hybrid EXPERIMENT.yaml --data DATA --threshold 1% --time 1d --out FOLDER",
    "ohmic run EXPERIMENT.yaml --model FOLDER/ohmic_1.onnx",
}


def pages() -> list[Path]:
    ours = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    for folder in ("docs", "sw", "ip", "platform", "tests", "configs", "rtl", "chip", "scripts"):
        ours += sorted((ROOT / folder).rglob("*.md"))
    return ours


def commands_in(text: str) -> list[tuple[int, str]]:
    """Lines of code blocks and spans of code that call ohmic, with their line numbers."""
    found = []
    fenced, begun, begun_at = False, "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced:
            begun_at = begun_at if begun else number
            begun += line.removesuffix("\\")
            if not line.endswith("\\"):
                found.append((begun_at, begun.strip().removeprefix("$ ")))
                begun = ""
        else:
            found += [(number, span) for span in re.findall(r"`([^`]+)`", line)]
    return [(n, c) for n, c in found if re.match(r"(\S*/)?ohmic\s+\w", c)]


def as_run(command: str) -> list[str] | None:
    """The arguments that are given to ohmic; None for a form."""
    words = shlex.split(command, comments=True)[1:]
    if len(words) < 2 or " ".join(["ohmic", *words]) in FORMS:
        return None
    for word in words:  # data of a Debian package that tests do without
        if word.startswith("/usr/share/datasets/") and not Path(word).exists():
            print(f"not run: {command} (there is no {word})")
            return None
    appended = next((SHORTER[word] for word in words if word in SHORTER and words[0] == "run"), [])
    words = [FILES.get(word, word) for word in words]
    if not (CACHE / "models" / "resnet18" / "resnet18.onnx").is_file():
        words = [STANDS_FOR.get(word, word) for word in words]
    for option in appended[::2]:
        if option in words:
            del words[words.index(option) : words.index(option) + 2]
    return [*words, *appended]


class Documents(unittest.TestCase):
    def test_every_command_runs(self):
        commands = []
        for page in pages():
            for number, command in commands_in(page.read_text()):
                if (words := as_run(command)) is not None:
                    commands.append((f"{page.relative_to(ROOT)}:{number}: {command}", words))
        self.assertGreater(len(commands), 15, "the pages show how ohmic is used")
        model_folder("resnet_tiny")
        done = set()
        with tempfile.TemporaryDirectory() as scratch:
            (Path(scratch) / "build").mkdir()
            (Path(scratch) / "build" / "release").symlink_to(BUILD)
            (Path(scratch) / "configs").symlink_to(ROOT / "configs")
            for where, words in commands:
                if tuple(words) in done:
                    continue
                done.add(tuple(words))
                with self.subTest(where):
                    run = ohmic(*words, cwd=Path(scratch))
                    self.assertEqual(run.code, 0, f"ohmic {shlex.join(words)}\n{run.out[-2000:]}\n{run.err[-2000:]}")

    def test_reads_blocks_continued_lines_and_spans(self):
        page = "Text `ohmic info a.yaml`.\n```sh\n$ x/ohmic run a.elf \\\n    --cores rtl   # why\nls\n```\n`ohmic`, `ohmically b`\n"
        self.assertEqual(
            commands_in(page), [(1, "ohmic info a.yaml"), (3, "x/ohmic run a.elf     --cores rtl   # why")]
        )
        self.assertEqual(as_run("x/ohmic run mine.elf # why"), ["run", FILES["mine.elf"]])
        self.assertIsNone(as_run("ohmic run EXPERIMENT.yaml"))
        self.assertIsNone(as_run("ohmic evaluate vgg_small --data /usr/share/datasets/none"))


if __name__ == "__main__":
    unittest.main()
