"""What a program is given beside its ELF: weights, random memory; and traces of chosen cores, cycles and functions."""

import re
import struct
import tempfile
import unittest
from pathlib import Path

from ohmic_tool import BUILD, SystemTest, run_program

WEIGHTS = BUILD / "firmware" / "ima_job.weights"


def npy(cells: bytes, shape: str, descr: str = "|i1", order: str = "False") -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + cells


class Inputs(SystemTest):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def file(self, name: str, contents: bytes) -> Path:
        (self.folder / name).write_bytes(contents)
        return self.folder / name

    def test_weights_from_raw_and_numpy_files_give_the_right_codes(self):
        array = self.file("w.npy", npy(WEIGHTS.read_bytes(), "(256, 256)"))
        for file in (WEIGHTS, array):
            run = run_program("ima_job", "--crossbar", f"0={file}", chip="aimc1.yaml")
            self.ends(run, 0)
            self.says(run, "every code is right")
        run = run_program("ima_job", chip="aimc1.yaml")
        self.ends(run, 0)
        self.says(run, "there are no weights")

    def test_wrong_weights_give_wrong_codes(self):
        cells = bytearray(WEIGHTS.read_bytes())
        cells[0] ^= 0x40
        run = run_program("ima_job", "--crossbar", f"0={self.file('w', bytes(cells))}", chip="aimc1.yaml")
        self.ends(run, 7)

    def test_files_that_are_no_crossbar_are_refused(self):
        cells = WEIGHTS.read_bytes()
        for name, contents, words in (
            ("short", cells[:-1], ("65535 bytes", "65536", "256 rows x 256 columns")),
            ("long", cells + b"0", ("65537 bytes", "65536")),
            ("empty", b"", ("0 bytes",)),
            ("shape.npy", npy(cells, "(65536,)"), ("shape (256, 256)",)),
            ("type.npy", npy(cells, "(256, 256)", "<f4"), ("int8",)),
            ("order.npy", npy(cells, "(256, 256)", order="True"), ("C order",)),
            ("cut.npy", b"\x93NUMPY\x01\x00\xff\xff{", ("cut off",)),
            ("few.npy", npy(cells[:100], "(256, 256)"), ("100 bytes",)),
        ):
            run = run_program("ima_job", "--crossbar", f"0={self.file(name, contents)}", chip="aimc1.yaml")
            self.refuses(run, "--crossbar 0=", *words)
        for word in ("0", "0=", "=x", "1=x", "0=/nowhere/x", f"0={self.folder}"):
            self.refuses(run_program("ima_job", "--crossbar", word, chip="aimc1.yaml"), "--crossbar")

    def test_random_memory_is_seeded_and_seen(self):
        def memory(*options):
            run = run_program("test_memory_seen", *options)
            self.ends(run, 0)
            return run.out

        zero, one = memory(), memory("--fill-memory", "random:1")
        self.assertEqual(zero, "[0.0] l1 00000000 hbm 00000000\n")
        self.assertEqual(zero, memory("--fill-memory", "zero"))
        self.assertNotEqual(zero, one)
        self.assertEqual(one, memory("--fill-memory", "random"))
        self.assertEqual(one, memory("--set", "engine.fill_memory.with=random", "--set", "engine.fill_memory.seed=1"))
        self.assertNotEqual(one, memory("--fill-memory", "random:2"))
        for words in (
            ("--fill-memory", "ones"),
            ("--fill-memory", "zero:1"),
            ("--fill-memory", "random:-1"),
            ("--set", "engine.fill_memory.with=x"),
            ("--set", "engine.window=3"),
        ):
            self.refuses(run_program("hello", *words), words[0])

    def test_a_folder_for_nothing_is_refused(self):
        self.refuses(run_program("hello", "--out", self.folder / "new"), "--out", "--trace", "--wave", "--json")
        self.assertFalse((self.folder / "new").exists())

    def test_traces_of_several_cores_in_a_window_of_cycles_and_functions(self):
        def lines(core, *options):
            run = run_program("hello", "--trace", "0-1.0,3", "--out", self.folder, *options)
            self.ends(run, 0)
            self.assertEqual(len(list(self.folder.glob("trace_*.txt"))), 4)
            text = (self.folder / f"trace_{core}.txt").read_text().splitlines()
            self.assertTrue(text[0].startswith("# cycle pc encoding"))
            return text[1:]

        whole = lines("1.3")
        shape = re.compile(r" *(\d+) ([0-9a-f]{8}) +([0-9a-f]{4}|[0-9a-f]{8}) (\S+): (\S.*)")
        for line in whole:
            self.assertRegex(line, shape)
            # A compressed encoding ends in two bits that are not both set.
            encoding = shape.match(line)[3]
            self.assertEqual(len(encoding) == 4, int(encoding, 16) & 3 != 3, line)
        cycle = [int(shape.match(line)[1]) for line in whole]
        middle = cycle[len(cycle) // 2]
        window = lines("1.3", "--trace-from", middle, "--trace-to", middle + 100)
        self.assertEqual(window, [line for line, at in zip(whole, cycle) if middle <= at <= middle + 100])
        function = lines("1.3", "--trace-pc", "say_hello")
        self.assertEqual(function, [line for line in whole if re.search(r" say_hello(\+\w+)?: ", line)])
        self.assertGreater(len(function), 3)
        pcs = sorted(shape.match(line)[2] for line in function)
        by_address = lines("1.3", "--trace-pc", f"0x{pcs[0]}-0x{pcs[-1]}")
        self.assertEqual(by_address, function)

    def test_windows_that_are_none_are_refused(self):
        for options in (
            ("--trace-from", "3"),
            ("--trace-pc", "main"),
            ("--trace", "0.0", "--trace-from", "4", "--trace-to", "3"),
            ("--trace", "0.0", "--trace-pc", "no_such_function"),
            ("--trace", "9.0"),
            ("--trace", "0.99"),
            *(
                ("--trace", core)
                for core in ("x", "1", "1.", ".1", "-1.0", "1.-1", " 1.0", "4294967296.0", "1.0.0", "\n.\x1b")
            ),
        ):
            self.refuses(run_program("hello", *options, "--out", self.folder), "--trace")


if __name__ == "__main__":
    unittest.main()
