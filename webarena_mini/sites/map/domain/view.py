"""Which part of the region a map shows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Self

from webarena_mini.region import Point, region
from webarena_mini.sites.map.domain.geo import bounds, from_pixels, to_pixels

MIN_ZOOM, MAX_ZOOM = 8, 18
WIDTH, HEIGHT = 960, 680


@dataclass(frozen=True)
class View:
    """Zoom level and center; drawn 960 by 680 pixels."""

    zoom: int
    center: Point

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """ "14/47.0921/-129.3302"; None where the text is anything else or far from the region."""
        try:
            zoom, latitude, longitude = (float(part) for part in text.split("/"))
        except ValueError:
            return None
        if not math.isfinite(zoom) or not _in_reach(latitude, longitude):
            return None
        return cls(max(MIN_ZOOM, min(MAX_ZOOM, round(zoom))), (latitude, longitude))

    @classmethod
    def around(cls, points: Sequence[Point], *, closest: int = 17) -> Self:
        """The closest view that has all points in it, with a margin."""
        low, high = bounds(points)
        for zoom in range(closest, MIN_ZOOM, -1):
            left, bottom = to_pixels(low, zoom)
            right, top = to_pixels(high, zoom)
            if right - left <= WIDTH * 0.72 and bottom - top <= HEIGHT * 0.72:
                return cls(zoom, from_pixels((left + right) / 2, (top + bottom) / 2, zoom))
        return cls(MIN_ZOOM, ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2))

    def __str__(self) -> str:
        return f"{self.zoom}/{self.center[0]:.5f}/{self.center[1]:.5f}"

    def zoomed(self, levels: int) -> Self:
        return replace(self, zoom=max(MIN_ZOOM, min(MAX_ZOOM, self.zoom + levels)))

    def moved(self, right: float, down: float) -> Self:
        """By parts of the width and height."""
        x, y = to_pixels(self.center, self.zoom)
        return replace(self, center=from_pixels(x + right * WIDTH, y + down * HEIGHT, self.zoom))

    def pixel(self, point: Point) -> tuple[float, float]:
        """From the top left corner of the picture."""
        x, y = to_pixels(point, self.zoom)
        left, top = self._corner
        return x - left, y - top

    @cached_property
    def _corner(self) -> tuple[float, float]:
        """The top left one, in pixels of the world."""
        x, y = to_pixels(self.center, self.zoom)
        return x - WIDTH / 2, y - HEIGHT / 2

    def bounds(self, *, margin: float) -> tuple[Point, Point]:
        """South-west and north-east corner of the picture and a margin around it."""
        left, top = self._corner
        south_west = from_pixels(left - margin, top + HEIGHT + margin, self.zoom)
        return south_west, from_pixels(left + WIDTH + margin, top - margin, self.zoom)

    def shows(self, point: Point, *, margin: float = 0) -> bool:
        x, y = self.pixel(point)
        return -margin <= x <= WIDTH + margin and -margin <= y <= HEIGHT + margin

    @property
    def meters_per_pixel(self) -> float:
        return 156_543.034 * math.cos(math.radians(self.center[0])) * 0.5**self.zoom


@cache
def whole_region() -> View:
    return View.around([town.at for town in region().towns])


def _in_reach(latitude: float, longitude: float) -> bool:
    middle = whole_region().center
    return abs(latitude - middle[0]) < 3 and abs(longitude - middle[1]) < 4
