"""Pictures of wares as a seller would take them: drawn with Pillow, the same bytes for the same ware."""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from io import BytesIO
from random import Random
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from webarena_mini.kit.media import tone as toned
from webarena_mini.kit.records import read_yaml
from webarena_mini.sites.adverts import FOLDER

WIDTH, HEIGHT = 480, 360
# Drawn larger and then made smaller, which smooths the edges.
_FINER = 2
_FLOOR, _FLOOR_OF_TWO_ROWS = 0.72, 0.4
_MOST_IN_A_ROW = 3
_FIXED = {"k": "#26282c", "w": "#f3f1ec", "m": "#a4abb3", "t": "#a9794d", "g": "#a9cbdc", "leaf": "#4d8a4a"}
_WALLS = ("#d9d2c3", "#c9d3d6", "#d8cbd0", "#cdd5c4", "#d3d0dc", "#dccfbd")
_FLOORS = ("#8d6f55", "#7b7a78", "#a58d70", "#6f7d72", "#94836b")
Part = tuple[str, str, Sequence[Any]]
Draw = Callable[[ImageDraw.ImageDraw, "_Box", Sequence[Any], str], None]


class _Box:
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
def shapes() -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = read_yaml(FOLDER / "data" / "shapes.yaml")
    return found


@lru_cache(maxsize=512)
def draw(shape: str, colour: str, pieces: int, label: str, seed: int) -> bytes:
    """A PNG of so many wares of a colour (#rrggbb) in a room that `seed` chooses, the label on a card before them."""
    rng = Random(f"adverts:{seed}")
    picture = Image.new("RGB", (WIDTH * _FINER, HEIGHT * _FINER), rng.choice(_WALLS))
    canvas = ImageDraw.Draw(picture)
    floor = HEIGHT * _FINER * (_FLOOR if pieces <= _MOST_IN_A_ROW else _FLOOR_OF_TWO_ROWS)
    canvas.rectangle((0, floor, WIDTH * _FINER, HEIGHT * _FINER), fill=rng.choice(_FLOORS))
    for box in _places(pieces, rng):
        _shadow(canvas, box)
        for part, tone, numbers in shapes()[shape]:
            _PARTS[part](canvas, box, numbers, _colour(tone, colour))
    if label:
        _card(canvas, label, rng)
    smaller = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    out = BytesIO()
    smaller.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _places(pieces: int, rng: Random) -> list[_Box]:
    """One row of them, or two."""
    rows = [pieces] if pieces <= _MOST_IN_A_ROW else [(pieces + 1) // 2, pieces // 2]
    side = min(260 if len(rows) == 1 else 140, (WIDTH - 30) / max(rows)) * _FINER
    boxes = []
    for number, in_row in enumerate(rows):
        bottom = HEIGHT * _FINER * (0.93 if len(rows) == 1 else (0.45, 0.86)[number])
        gap = (WIDTH * _FINER - in_row * side) / (in_row + 1)
        shift = rng.uniform(-0.2, 0.2) * gap
        boxes += [_Box(gap + shift + at * (side + gap), bottom - side, side) for at in range(in_row)]
    return boxes


def _colour(tone: str, colour: str) -> str:
    match tone:
        case "a":
            return colour
        case "b":
            return toned(colour, lightness=0.68)
        case "c":
            return toned(colour, lightness=1.5)
    return _FIXED[tone]


def _shadow(canvas: ImageDraw.ImageDraw, box: _Box) -> None:
    canvas.ellipse(box.points((4, 86, 98, 97)), fill="#5b5148")


def _card(canvas: ImageDraw.ImageDraw, label: str, rng: Random) -> None:
    """Leans in a lower corner."""
    font = ImageFont.load_default(size=19 * _FINER)
    width = canvas.textlength(label, font=font) + 22 * _FINER
    left = rng.choice((12 * _FINER, WIDTH * _FINER - width - 12 * _FINER))
    top = (HEIGHT - 42) * _FINER
    box = (left, top, left + width, top + 32 * _FINER)
    canvas.rectangle(box, fill="#fffdf4", outline="#26282c", width=_FINER)
    canvas.text((left + width / 2, top + 16 * _FINER), label, fill="#1b1c1f", font=font, anchor="mm")


def _polygon(canvas: ImageDraw.ImageDraw, box: _Box, numbers: Sequence[float], fill: str) -> None:
    canvas.polygon(box.points(numbers), fill=fill)


def _rectangle(canvas: ImageDraw.ImageDraw, box: _Box, numbers: Sequence[float], fill: str) -> None:
    canvas.rectangle(box.points(numbers), fill=fill)


def _rounded(canvas: ImageDraw.ImageDraw, box: _Box, numbers: Sequence[float], fill: str) -> None:
    canvas.rounded_rectangle(box.points(numbers[1:]), box.size(numbers[0]), fill=fill)


def _oval(canvas: ImageDraw.ImageDraw, box: _Box, numbers: Sequence[float], fill: str) -> None:
    canvas.ellipse(box.points(numbers), fill=fill)


def _ring(canvas: ImageDraw.ImageDraw, box: _Box, numbers: Sequence[float], fill: str) -> None:
    canvas.ellipse(box.points(numbers[1:]), outline=fill, width=round(box.size(numbers[0])))


def _rod(canvas: ImageDraw.ImageDraw, box: _Box, numbers: Sequence[float], fill: str) -> None:
    canvas.line(box.points(numbers[1:]), fill=fill, width=max(1, round(box.size(numbers[0]))), joint="curve")


def _bow(canvas: ImageDraw.ImageDraw, box: _Box, numbers: Sequence[float], fill: str) -> None:
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
