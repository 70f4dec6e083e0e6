"""Draws numbered frames on a picture of a page, where VisualWebArena draws them."""

import struct
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from webarena_runner.browser.observe.geometry import Screen
from webarena_runner.browser.observe.som import Mark

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

FRAME_WIDTH = 2
FONT_SIZE = 16
PADDING = 2
# How wide the official font sets a digit of this size; the label's place depends on it.
DIGIT_WIDTH = 9.59375
COLOURS = (
    "#1f77b4",
    "#ff7f0e",
    "#2ca02c",
    "#d62728",
    "#9467bd",
    "#8c564b",
    "#e377c2",
    "#7f7f7f",
    "#bcbd22",
    "#17becf",
)
# Matplotlib brings it along.
FONT = "mpl-data/fonts/ttf/DejaVuSansMono-Bold.ttf"
# Labels may overlap by this much.
OVERLAP = 2 * PADDING
CELL = 64
LOSSY_QUALITY = 70
PNG = b"\x89PNG\r\n\x1a\n"


class Label(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


def draw_marks(picture: bytes, marks: Sequence[Mark], screen: Screen, kind: str) -> bytes:
    """The picture with its marks, encoded again as `kind`: png, jpeg or webp."""
    from PIL import Image, ImageDraw

    with Image.open(BytesIO(picture)) as opened:
        image = opened.convert("RGB")
    pen = ImageDraw.Draw(image)
    for mark in marks:
        pen.rectangle(_frame(mark), outline=_colour(mark), width=FRAME_WIDTH)
    font = _font()
    for mark, label in zip(marks, place_labels(marks, screen), strict=True):
        pen.rectangle(label, fill=_colour(mark))
        pen.text((label.left + PADDING, label.top + PADDING), str(mark.number), font=font, fill="white")
    if kind == "png":
        return encoded_png(image)
    encoded = BytesIO()
    image.save(encoded, kind, quality=LOSSY_QUALITY)
    return encoded.getvalue()


def encoded_png(image: "Image") -> bytes:
    """An RGB picture as PNG, in a tenth of Pillow's time: without filters, without which pages compress better too."""
    import numpy as np  # a quarter of a second that runs without marked pictures need not take
    from isal import isal_zlib

    width, height = image.size
    rows = np.frombuffer(image.tobytes(), np.uint8).reshape(height, 3 * width)
    filtered = np.zeros((height, 1 + 3 * width), np.uint8)
    filtered[:, 1:] = rows
    data = isal_zlib.compress(filtered.data, level=2)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG + b"".join(_chunk(*each) for each in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def place_labels(marks: Sequence[Mark], screen: Screen) -> list[Label]:
    """The first of seven places at the frame that is in view and free; else the last one, whatever is there."""
    placed: list[Label] = []
    cells: defaultdict[tuple[int, int], list[Label]] = defaultdict(list)
    for mark in marks:
        label = _place(mark, screen, cells)
        placed.append(label)
        for cell in _cells(label):
            cells[cell].append(label)
    return placed


def _place(mark: Mark, screen: Screen, taken: defaultdict[tuple[int, int], list[Label]]) -> Label:
    width = DIGIT_WIDTH * len(str(mark.number))
    above, below = mark.top - FONT_SIZE, mark.bottom
    inner = mark.right - FONT_SIZE - 2 * PADDING
    label = Label(0, 0, 0, 0)
    for x, y in (
        (mark.left - FONT_SIZE, above),
        (mark.left, above),
        (mark.right, above),
        (inner, above),
        (mark.left - FONT_SIZE, below),
        (mark.left, below),
        (inner, below),
    ):
        label = Label(x - PADDING, y - PADDING, x + width + PADDING, y + FONT_SIZE + PADDING)
        is_shown = label.left >= 0 and label.top >= 0 and label.right <= screen.width and label.bottom <= screen.height
        if is_shown and not any(_overlap(label, other) for cell in _cells(label) for other in taken.get(cell, ())):
            break
    return label


def _overlap(one: Label, other: Label) -> bool:
    return not (
        one.right < other.left + OVERLAP
        or one.left > other.right - OVERLAP
        or one.top > other.bottom - OVERLAP
        or one.bottom < other.top + OVERLAP
    )


def _cells(label: Label) -> Iterator[tuple[int, int]]:
    for column in range(int(label.left // CELL), int(label.right // CELL) + 1):
        for row in range(int(label.top // CELL), int(label.bottom // CELL) + 1):
            yield column, row


def _frame(mark: Mark) -> tuple[float, float, float, float]:
    return mark.left, mark.top, mark.right, mark.bottom


def _colour(mark: Mark) -> str:
    return COLOURS[(mark.number - 1) % len(COLOURS)]


@cache
def _font() -> "FreeTypeFont":
    from PIL import ImageFont

    found = find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    return ImageFont.truetype(Path(found.origin).parent / FONT, FONT_SIZE)
