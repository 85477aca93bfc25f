"""What the scripts write: whole regular files, and into anything else."""

import os
import stat
import tempfile
import threading
import unittest
from pathlib import Path

from ohmic_models import whole_file


class WholeFile(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def test_replaces_a_file_and_keeps_its_permissions(self):
        path = self.folder / "x"
        path.write_bytes(b"earlier and longer")
        path.chmod(0o640)
        whole_file.write(path, b"new")
        self.assertEqual((path.read_bytes(), stat.S_IMODE(path.stat().st_mode)), (b"new", 0o640))
        whole_file.write(self.folder / "y", b"")
        self.assertEqual(sorted(os.listdir(self.folder)), ["x", "y"])

    def test_leaves_a_link_and_replaces_its_target(self):
        (self.folder / "link").symlink_to("target")
        whole_file.write(self.folder / "link", b"x")
        self.assertTrue((self.folder / "link").is_symlink())
        self.assertEqual((self.folder / "target").read_bytes(), b"x")

    def test_goes_through_a_fifo(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        whole_file.check(fifo)
        got = []
        reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
        reader.start()
        whole_file.write(fifo, b"through")
        reader.join()
        self.assertEqual(got, [b"through"])
        self.assertTrue(fifo.is_fifo())

    def test_goes_on_where_an_open_file_stands(self):
        with open(self.folder / "log", "wb", buffering=0) as log:
            log.write(b"before ")
            whole_file.write(Path(f"/dev/fd/{log.fileno()}"), b"between ")
            log.write(b"after")
        self.assertEqual((self.folder / "log").read_bytes(), b"before between after")

    def test_names_what_cannot_be_written(self):
        with self.assertRaisesRegex(OSError, "No space left on device.*/dev/full"):
            whole_file.write(Path("/dev/full"), b"x")
        for name in ("none/x", ""):
            with self.assertRaises(OSError):
                whole_file.check(self.folder / name)
            with self.assertRaises(OSError):
                whole_file.write(self.folder / name, b"x")
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    unittest.main()
