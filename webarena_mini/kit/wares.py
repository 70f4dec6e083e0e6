"""Wares as simple drawings, painted with Pillow: the same kinds in the same colours on every site that shows some."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from PIL import ImageDraw, ImageFont

from webarena_mini.kit.media import tone as toned
from webarena_mini.kit.records import read_yaml

_FIXED = {"k": "#26282c", "w": "#f3f1ec", "m": "#a4abb3", "t": "#a9794d", "g": "#a9cbdc", "leaf": "#4d8a4a"}
Part = tuple[str, str, Sequence[Any]]
Draw = Callable[[ImageDraw.ImageDraw, "Box", Sequence[Any], str], None]


class Box:
    """Where a drawing of 100 by 100 lies in the picture."""

    def __init__(self, left: float, top: float, side: float) -> None:
        self._left, self._top, self._side = left, top, side

    def size(self, length: float) -> float:
        return length * self._side / 100

    def points(self, numbers: Sequence[float]) -> list[tuple[float, float]]:
        return [
            (self._left + self.size(x), self._top + self.size(y))
            for x, y in zip(numbers[::2], numbers[1::2], strict=True)
        ]


@cache
def _wares() -> dict[str, Any]:
    read: dict[str, Any] = read_yaml(Path(__file__).with_name("wares.yaml"))
    return read


@cache
def shapes() -> dict[str, list[Part]]:
    """The parts of each kind, from back to front."""
    return dict(_wares()["shapes"])


@cache
def tones() -> dict[str, str]:
    """Colours by name, as #rrggbb."""
    return dict(_wares()["tones"])


def paint(canvas: ImageDraw.ImageDraw, box: Box, shape: str, colour: str) -> None:
    """One ware of a colour (#rrggbb) and its shadow."""
    canvas.ellipse(box.points((4, 86, 98, 97)), fill="#5b5148")
    for part, tone, numbers in shapes()[shape]:
        _PARTS[part](canvas, box, numbers, _colour(tone, colour))


def card(canvas: ImageDraw.ImageDraw, label: str, size: tuple[int, int], finer: int, rng: Random) -> None:
    """A card with the label, which leans in a lower corner of a picture of this size, drawn `finer` times as large."""
    width_of_picture, height = size
    font = ImageFont.load_default(size=19 * finer)
    width = canvas.textlength(label, font=font) + 22 * finer
    left = rng.choice((12 * finer, width_of_picture * finer - width - 12 * finer))
    top = (height - 42) * finer
    box = (left, top, left + width, top + 32 * finer)
    canvas.rectangle(box, fill="#fffdf4", outline="#26282c", width=finer)
    canvas.text((left + width / 2, top + 16 * finer), label, fill="#1b1c1f", font=font, anchor="mm")


def _colour(tone: str, colour: str) -> str:
    match tone:
        case "a":
            return colour
        case "b":
            return toned(colour, lightness=0.68)
        case "c":
            return toned(colour, lightness=1.5)
    return _FIXED[tone]


def _polygon(canvas: ImageDraw.ImageDraw, box: Box, numbers: Sequence[float], fill: str) -> None:
    canvas.polygon(box.points(numbers), fill=fill)


def _rectangle(canvas: ImageDraw.ImageDraw, box: Box, numbers: Sequence[float], fill: str) -> None:
    canvas.rectangle(box.points(numbers), fill=fill)


def _rounded(canvas: ImageDraw.ImageDraw, box: Box, numbers: Sequence[float], fill: str) -> None:
    canvas.rounded_rectangle(box.points(numbers[1:]), box.size(numbers[0]), fill=fill)


def _oval(canvas: ImageDraw.ImageDraw, box: Box, numbers: Sequence[float], fill: str) -> None:
    canvas.ellipse(box.points(numbers), fill=fill)


def _ring(canvas: ImageDraw.ImageDraw, box: Box, numbers: Sequence[float], fill: str) -> None:
    canvas.ellipse(box.points(numbers[1:]), outline=fill, width=round(box.size(numbers[0])))


def _rod(canvas: ImageDraw.ImageDraw, box: Box, numbers: Sequence[float], fill: str) -> None:
    canvas.line(box.points(numbers[1:]), fill=fill, width=max(1, round(box.size(numbers[0]))), joint="curve")


def _bow(canvas: ImageDraw.ImageDraw, box: Box, numbers: Sequence[float], fill: str) -> None:
    width, *corners, begin, end = numbers
    canvas.arc(box.points(corners), begin, end, fill=fill, width=round(box.size(width)))


_PARTS: dict[str, Draw] = {
    "polygon": _polygon,
    "box": _rectangle,
    "round": _rounded,
    "oval": _oval,
    "ring": _ring,
    "rod": _rod,
    "bow": _bow,
}
