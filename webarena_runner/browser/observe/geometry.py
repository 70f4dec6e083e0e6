"""Which rectangles the official code counts as in view."""

from typing import NamedTuple

VISIBLE_RATIO = 0.6


class Rectangle(NamedTuple):
    """In CSS pixels of the viewport."""

    x: float
    y: float
    width: float
    height: float


class Screen(NamedTuple):
    width: float
    height: float


# What the official code uses for the root of a page, whatever its size.
ROOT_RECTANGLE = Rectangle(0.0, 0.0, 10.0, 10.0)


def in_view(box: Rectangle | None, screen: Screen) -> bool:
    """The official test: no box or no area is out of view, else a "ratio" of at least 0.6 is in view."""
    if box is None or box.width == 0 or box.height == 0:
        return False
    overlap_width = max(0, min(box.x + box.width, screen.width) - max(box.x, 0))
    overlap_height = max(0, min(box.y + box.height, screen.height) - max(box.y, 0))
    # The official formula lacks brackets: it multiplies by the height, and so lets nearly any overlap pass.
    ratio = overlap_width * overlap_height / box.width * box.height
    return ratio >= VISIBLE_RATIO
