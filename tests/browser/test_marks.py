"""Marks on a picture of a page: where they are, and that the rest of the page is left as it is."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageColor

from webarena_runner.browser.observe.geometry import Screen
from webarena_runner.browser.observe.marks import COLOURS, FRAME_WIDTH, draw_marks, place_labels
from webarena_runner.browser.observe.som import Mark

WIDTH, HEIGHT = 240, 160
MARKS = [Mark(1, 30, 40, 90, 70), Mark(12, 120, 60, 200, 120)]


def page(mode: str) -> tuple[np.ndarray, bytes]:
    """Flat above, and below what cannot be compressed."""
    pixels = np.full((HEIGHT, WIDTH, 3), 240, np.uint8)
    pixels[80:] = np.random.default_rng(0).integers(0, 256, (HEIGHT - 80, WIDTH, 3), np.uint8)
    encoded = BytesIO()
    Image.fromarray(pixels).convert(mode).save(encoded, "PNG")
    return pixels, encoded.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_frames_and_numbers_are_drawn_and_every_other_pixel_stays(mode: str) -> None:
    pixels, picture = page(mode)
    screen = Screen(WIDTH, HEIGHT)
    with Image.open(BytesIO(draw_marks(picture, MARKS, screen, "png"))) as drawn:
        assert (drawn.format, drawn.mode, drawn.size) == ("PNG", "RGB", (WIDTH, HEIGHT))
        seen = np.asarray(drawn)
    apart = np.ones((HEIGHT, WIDTH), bool)
    for mark, label in zip(MARKS, place_labels(MARKS, screen), strict=True):
        colour = ImageColor.getrgb(COLOURS[(mark.number - 1) % len(COLOURS)])
        left, top, right, bottom = map(int, (mark.left, mark.top, mark.right, mark.bottom))
        assert (seen[bottom, left + 20 : right + 1] == colour).all()
        assert (seen[top + 20 : bottom + 1, right] == colour).all()
        within = seen[int(label.top) + 1 : int(label.bottom), int(label.left) + 1 : int(label.right)]
        assert (within == colour).all(axis=2).any()
        assert (within > 230).all(axis=2).any(), "white digits"
        apart[top : bottom + 1, left : right + 1] = False
        apart[top + FRAME_WIDTH : bottom + 1 - FRAME_WIDTH, left + FRAME_WIDTH : right + 1 - FRAME_WIDTH] = True
        apart[int(label.top) : int(label.bottom) + 2, int(label.left) : int(label.right) + 2] = False
    assert (seen[apart] == pixels[apart]).all()


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_pictures_for_the_log_are_of_the_kind_that_was_asked_for(kind: str) -> None:
    _, picture = page("RGB")
    with Image.open(BytesIO(draw_marks(picture, MARKS, Screen(WIDTH, HEIGHT), kind))) as drawn:
        assert (drawn.format, drawn.size) == (kind.upper(), (WIDTH, HEIGHT))
