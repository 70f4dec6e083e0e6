"""Bearings, Mercator coordinates, and numbers as they are read and written; a point is (latitude, longitude)."""

import math
import re
from collections.abc import Sequence

from webarena_mini.region.model import Point

_COORDINATES = re.compile(r"\s*(-?\d{1,3}(?:\.\d+)?)\s*[,;\s/]\s*(-?\d{1,3}(?:\.\d+)?)\s*")
_COMPASS = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
TILE_PX = 256


def bearing(start: Point, end: Point) -> float:
    """Degrees clockwise from north, in [0, 360)."""
    east = (end[1] - start[1]) * math.cos(math.radians(start[0]))
    return math.degrees(math.atan2(east, end[0] - start[0])) % 360


def compass(degrees: float) -> str:
    return _COMPASS[round(degrees / 45) % 8]


def bounds(points: Sequence[Point]) -> tuple[Point, Point]:
    """South-west and north-east corner."""
    latitudes, longitudes = zip(*points, strict=True)
    return (min(latitudes), min(longitudes)), (max(latitudes), max(longitudes))


def to_pixels(point: Point, zoom: float) -> tuple[float, float]:
    """Web Mercator pixels from the north-west corner of the world."""
    scale = TILE_PX * 2**zoom
    sine = math.sin(math.radians(point[0]))
    x = (point[1] + 180) / 360 * scale
    y = (0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * scale
    return x, y


def from_pixels(x: float, y: float, zoom: float) -> Point:
    scale = TILE_PX * 2**zoom
    latitude = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / scale))))
    return latitude, x / scale * 360 - 180


def whole_number(text: str) -> int | None:
    """Digits that the database can take as a number; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def parse_point(text: str) -> Point | None:
    """ "47.09, -129.33" as a point; None where the text is anything else."""
    found = _COORDINATES.fullmatch(text)
    if not found:
        return None
    latitude, longitude = float(found[1]), float(found[2])
    return (latitude, longitude) if abs(latitude) <= 85 and abs(longitude) <= 180 else None


def write_point(point: Point) -> str:
    return f"{point[0]:.5f},{point[1]:.5f}"


def length_text(meters: float) -> str:
    """ "748m", "2.3km", "38km"."""
    if meters < 999.5:
        return f"{round(meters)}m"
    return f"{meters / 1000:.1f}km" if meters < 9950 else f"{round(meters / 1000)}km"


def time_text(seconds: float) -> str:
    """Hours and minutes: "0:07", "1:24"."""
    minutes = int(seconds / 60 + 0.5)
    return f"{minutes // 60}:{minutes % 60:02}"


def time_words(seconds: float) -> str:
    minutes = int(seconds / 60 + 0.5)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
