"""Pictures of wares as a seller would take them: drawn with Pillow, the same bytes for the same ware."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw

from webarena_mini.kit.wares import Box, card, paint

WIDTH, HEIGHT = 480, 360
# Drawn larger and then made smaller, which smooths the edges.
_FINER = 2
_FLOOR, _FLOOR_OF_TWO_ROWS = 0.72, 0.4
_MOST_IN_A_ROW = 3
_WALLS = ("#d9d2c3", "#c9d3d6", "#d8cbd0", "#cdd5c4", "#d3d0dc", "#dccfbd")
_FLOORS = ("#8d6f55", "#7b7a78", "#a58d70", "#6f7d72", "#94836b")


def draw(shape: str, colour: str, pieces: int, label: str, seed: int) -> bytes:
    """A PNG of so many wares of a colour (#rrggbb) in a room that `seed` chooses, the label on a card before them."""
    rng = Random(f"adverts:{seed}")
    picture = Image.new("RGB", (WIDTH * _FINER, HEIGHT * _FINER), rng.choice(_WALLS))
    canvas = ImageDraw.Draw(picture)
    floor = HEIGHT * _FINER * (_FLOOR if pieces <= _MOST_IN_A_ROW else _FLOOR_OF_TWO_ROWS)
    canvas.rectangle((0, floor, WIDTH * _FINER, HEIGHT * _FINER), fill=rng.choice(_FLOORS))
    for box in _places(pieces, rng):
        paint(canvas, box, shape, colour)
    if label:
        card(canvas, label, (WIDTH, HEIGHT), _FINER, rng)
    smaller = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    out = BytesIO()
    smaller.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _places(pieces: int, rng: Random) -> list[Box]:
    """One row of them, or two."""
    rows = [pieces] if pieces <= _MOST_IN_A_ROW else [(pieces + 1) // 2, pieces // 2]
    side = min(260 if len(rows) == 1 else 140, (WIDTH - 30) / max(rows)) * _FINER
    boxes = []
    for number, in_row in enumerate(rows):
        bottom = HEIGHT * _FINER * (0.93 if len(rows) == 1 else (0.45, 0.86)[number])
        gap = (WIDTH * _FINER - in_row * side) / (in_row + 1)
        shift = rng.uniform(-0.2, 0.2) * gap
        boxes += [Box(gap + shift + at * (side + gap), bottom - side, side) for at in range(in_row)]
    return boxes
