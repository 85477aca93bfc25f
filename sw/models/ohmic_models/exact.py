"""Arithmetic that gives the same bits on every machine, whatever BLAS, SIMD unit or number of threads.

Numbers lie on binary grids (multiples of 2^-bits) and are few enough bits long that float64 holds every partial sum of a
product exactly: then neither the order of summation nor fused multiplication matters. Everything else is elementwise
(IEEE says what +, -, *, /, sqrt and rint give) or summed in int64. Nothing here, or in what builds on it, calls exp, log
or sin, LAPACK, or sums numbers that are off a grid."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

_EXACT = 2.0**53


def on_grid(x: np.ndarray, bits: int) -> np.ndarray:
    """The nearest multiples of 2^-bits."""
    return np.rint(np.asarray(x, np.float64) * 2.0**bits) * 2.0**-bits


def matmul(a: np.ndarray, a_bits: int, b: np.ndarray, b_bits: int) -> np.ndarray:
    """a @ b, exactly, of float64 matrices on grids of 2^-a_bits and 2^-b_bits."""
    bound = np.abs(a).max() * np.abs(b).sum(axis=0).max() * 2.0 ** (a_bits + b_bits)
    if not bound <= _EXACT / 2:  # half, as the bound itself is rounded
        raise OverflowError(f"a sum of up to {bound:.3g} grid steps is not exact in float64")
    return a @ b


def for_each(work: Callable, items: Iterable) -> list:
    """The results of `work` in the order of the items; threads share them, as numpy lets others run while it computes."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(work, items))


class Moments:
    """Mean and standard deviation of each column of float64 matrices, taken piece by piece, from sums in int64."""

    _BITS = 12

    def __init__(self):
        self.count, self.sum, self.squares = 0, 0, 0

    def add(self, matrix: np.ndarray) -> None:
        top = np.abs(matrix).max() * 2.0**self._BITS + 1
        if not top * top * (self.count + len(matrix)) < 2.0**62:
            raise OverflowError("a sum of squares leaves int64")
        steps = np.rint(matrix * 2.0**self._BITS).astype(np.int64)
        self.count += len(steps)
        self.sum = self.sum + steps.sum(axis=0)
        self.squares = self.squares + (steps * steps).sum(axis=0)

    def mean(self) -> np.ndarray:
        return self.sum / self.count * 2.0**-self._BITS

    def deviation(self) -> np.ndarray:
        mean = self.sum / self.count
        return np.sqrt(np.maximum(self.squares / self.count - mean * mean, 0)) * 2.0**-self._BITS


def mean(x: np.ndarray, bits: int = 30) -> float:
    """Of all elements, each first rounded to a multiple of 2^-bits."""
    if not (np.abs(x).max() * 2.0**bits + 1) * x.size < 2.0**62:
        raise OverflowError("a sum leaves int64")
    return int(np.rint(x * 2.0**bits).astype(np.int64).sum()) / x.size * 2.0**-bits


def solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """x of matrix @ x = right, for a symmetric positive definite matrix: Gauss's elimination, row by row, elementwise."""
    size = len(matrix)
    work = np.concatenate([matrix, right], axis=1).astype(np.float64)
    for k in range(size):
        work[k + 1 :, k:] -= (work[k + 1 :, k] / work[k, k])[:, None] * work[k, k:]
    for k in reversed(range(size)):
        work[k, size:] /= work[k, k]
        work[:k, size:] -= work[:k, k][:, None] * work[k, size:]
    return work[:, size:]


def bell(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Random numbers of mean 0 and standard deviation 1, nearly normal: sums of four 16-bit integers. (Generators of
    normal numbers call the C library's exp and log, which differ between machines.)"""
    draws = rng.integers(0, 1 << 16, size=(4, *shape), dtype=np.uint16)
    total = draws[0].astype(np.int32)
    for draw in draws[1:]:
        total += draw
    return (2.0 * total - 4 * 65535) / (2 * _BELL_DEVIATION)


_BELL_DEVIATION = 37837.22723720648  # sqrt(4 * (2^32 - 1) / 12)
