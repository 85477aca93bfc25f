"""Files of results, as ohmic itself writes them (host/output_file.h): a regular file appears whole or not at all, by a
rename; a symbolic link stays and its target is replaced; anything else (FIFO, device, /dev/stdout) is written into."""

import errno
import os
import stat
import tempfile
from pathlib import Path


def _open_descriptor(found: os.stat_result) -> int | None:
    """A descriptor of this process to which that file can be written: /dev/stdout may be a regular file."""
    for name in os.listdir("/proc/self/fd"):
        try:
            here = os.fstat(int(name))
            flags = int(Path(f"/proc/self/fdinfo/{name}").read_text().split("flags:")[1].split()[0], 8)
        except OSError:
            continue
        if os.path.samestat(here, found) and flags & os.O_ACCMODE != os.O_RDONLY:
            return int(name)
    return None


def check(path: Path) -> None:
    """Raises OSError if write() could not write there. Changes nothing and opens no FIFO."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        found = None
    if found and stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if found and not stat.S_ISREG(found.st_mode):
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(os.path.realpath(path)), suffix=".part"):
        pass


def write(path: Path, content: bytes) -> None:
    """Raises OSError with the file's name."""
    try:
        try:
            found = os.stat(path)
        except FileNotFoundError:
            found = None
        descriptor = _open_descriptor(found) if found else None
        if descriptor is not None:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(content)
        elif found and not stat.S_ISREG(found.st_mode):
            with open(os.open(path, os.O_WRONLY | os.O_NOCTTY), "wb") as file:  # no folder: a device or FIFO
                file.write(content)
        else:
            _replace(Path(os.path.realpath(path)), content, found.st_mode & 0o7777 if found else None)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _replace(path: Path, content: bytes, mode: int | None) -> None:
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=path.name[:200] + ".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if mode is None:
            mask = os.umask(0)
            os.umask(mask)
            mode = 0o666 & ~mask
        os.chmod(part, mode)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise
