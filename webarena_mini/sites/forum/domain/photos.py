"""What the pictures of posts show in front of their scene, and the pictures themselves."""

from random import Random
from typing import NamedTuple
from xml.etree import ElementTree

from PIL import ImageDraw

from webarena_mini.kit.raster import FINER, jpeg, painted
from webarena_mini.kit.wares import Box, card, paint, tones

WIDTH, HEIGHT = 640, 400
WARES = {
    "bird": "camera",
    "boards": "toolbox",
    "mountains": "tent",
    "night": "lamp",
    "plant": "pot",
    "plate": "mug",
    "skyline": "bicycle",
}
_MOST = 5
_SIDE = 118
_LABELS = ("DAY 2", "DAY 7", "BEST OF MAY", "NO FILTER", "FIRST TRY", "AT HOME", "7 AM", "WEEK 12", "ROUND 3", "BEFORE")


class Front(NamedTuple):
    """So many wares of a tone, and what a card says ("": there is none)."""

    ware: str
    tone: str
    pieces: int
    label: str


def front_of(scene: str, post: int) -> Front:
    """Of the picture of a post, by its number."""
    rng = Random(f"front:{post}")
    label = rng.choice(_LABELS) if rng.random() < 0.6 else ""
    return Front(WARES[scene], rng.choice(list(tones())), rng.randint(1, _MOST), label)


def photo(document: bytes) -> bytes:
    """A JPEG of a scene with its front, which the attributes of its root say."""
    given = ElementTree.fromstring(document).attrib
    picture = painted(document, WIDTH, HEIGHT)
    canvas, pieces = ImageDraw.Draw(picture), int(given["data-pieces"])
    gap = (WIDTH - pieces * _SIDE) / (pieces + 1)
    for at in range(pieces):
        left = gap + at * (_SIDE + gap)
        box = Box(left * FINER, (HEIGHT - 56 - _SIDE) * FINER, _SIDE * FINER)
        paint(canvas, box, given["data-ware"], tones()[given["data-tone"]])
    if given["data-label"]:
        card(canvas, given["data-label"], (WIDTH, HEIGHT), FINER, Random(given["data-label"]))
    return jpeg(picture.reduce(FINER))
