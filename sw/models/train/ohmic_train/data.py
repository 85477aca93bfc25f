"""Labelled pictures as the files that everybody has them in, and augmented batches of them."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from . import networks


class DataError(Exception):
    """Data that is missing or not what it should be: one line for the user."""


def _read(path: Path) -> bytes:
    try:
        return gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: {error}") from None


def _cifar(folder: Path, parts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    record, pictures = 3073, []
    for part in parts:
        content = np.frombuffer(_read(folder / part), np.uint8)
        if content.size == 0 or content.size % record:
            raise DataError(f"{folder / part}: is not a whole number of CIFAR-10 records of {record} bytes")
        pictures.append(content.reshape(-1, record))
    found = np.concatenate(pictures)
    return found[:, 1:].reshape(-1, 3, 32, 32).copy(), found[:, 0].astype(np.int64)


def _idx(folder: Path, part: str, dimensions: int) -> np.ndarray:
    path = next((p for p in (folder / part, folder / f"{part}.gz") if p.is_file()), folder / part)
    content = _read(path)
    shape = np.frombuffer(content[4 : 4 + 4 * dimensions], ">u4").astype(int)
    values = np.frombuffer(content[4 + 4 * dimensions :], np.uint8)
    if content[:4] != bytes((0, 0, 8, dimensions)) or values.size != shape.prod():
        raise DataError(f"{path}: is not a whole IDX file of {dimensions} dimensions")
    return values.reshape(shape)


def load(data: networks.Data, folder: Path, test: bool) -> tuple[np.ndarray, np.ndarray]:
    """Pixels [N, C, H, W] of uint8, and labels. Raises DataError."""
    if data.name == "cifar10":
        found = _cifar(folder, ["test_batch.bin"] if test else [f"data_batch_{i}.bin" for i in range(1, 6)])
    else:
        part = "t10k" if test else "train"
        pictures = _idx(folder, f"{part}-images-idx3-ubyte", 3)
        found = pictures[:, None].copy(), _idx(folder, f"{part}-labels-idx1-ubyte", 1).astype(np.int64)
    pixels, labels = found
    if pixels.shape[1:] != data.shape or len(pixels) != len(labels) or labels.max(initial=0) >= len(data.labels):
        raise DataError(
            f"{folder}: is not {data.name}: {pixels.shape[1:]} pictures, labels up to {labels.max(initial=0)}"
        )
    return pixels, labels


class Pictures:
    """A data set in memory. Its batches depend on the seed alone."""

    def __init__(self, data: networks.Data, pixels: np.ndarray, labels: np.ndarray):
        self.data, self.labels = data, torch.from_numpy(labels)
        self.pixels, self.pad = torch.from_numpy(pixels), data.shift
        factors, summands = data.conversion()
        self.factor, self.summand = (torch.tensor(v).view(1, -1, 1, 1) for v in (factors, summands))
        # Around a picture lies what zero padding of the network means: pixels whose real input is 0.
        grey = [min(255, max(0, round(-s / f))) for f, s in zip(factors, summands)]
        channels, pad = data.shape[0], self.pad
        self.padded = (
            torch.tensor(grey, dtype=torch.uint8)
            .view(1, channels, 1, 1)
            .repeat(len(pixels), 1, data.shape[1] + 2 * pad, data.shape[2] + 2 * pad)
        )
        self.padded[:, :, pad : pad + data.shape[1], pad : pad + data.shape[2]] = self.pixels

    def __len__(self) -> int:
        return len(self.labels)

    def real(self, pixels: torch.Tensor) -> torch.Tensor:
        found = pixels.float().mul_(self.factor).add_(self.summand)
        return found.contiguous(memory_format=torch.channels_last)

    def augmented(self, size: int, seed: int, skip: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """All pictures in batches of one size (the rest is left out), in random order, each mirrored or not and moved by
        up to `pad` pixels in both directions; but for the first `skip` batches."""
        _, height, width = self.data.shape
        draw = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(self), generator=draw)
        for first in range(skip * size, len(self) - size + 1, size):
            chosen = order[first : first + size]
            draw.manual_seed(seed + first + 1)  # whatever was skipped
            top, left = (torch.randint(2 * self.pad + 1, (size, 1), generator=draw) for _ in range(2))
            columns = left + torch.arange(width)
            mirrored = torch.rand(size, 1, generator=draw) < 0.5
            columns = torch.where(mirrored, columns.flip(1), columns)
            rows = top + torch.arange(height)
            picked = self.padded[chosen[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # [N, H, W, C]
            yield self.real(picked.permute(0, 3, 1, 2)), self.labels[chosen]

    def plain(self, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for first in range(0, len(self), size):
            yield self.real(self.pixels[first : first + size]), self.labels[first : first + size]
