"""From kilometres east and north of the region's corner to degrees, and lines that do not look ruled."""

import math
from collections.abc import Sequence
from random import Random

from webarena_mini.region.model import KM_PER_DEGREE, Point

Flat = tuple[float, float]


def to_point(flat: Sequence[float], origin: Sequence[float]) -> Point:
    """Rounded to 6 decimals, about 0.1 m."""
    latitude = origin[0] + flat[1] / KM_PER_DEGREE
    longitude = origin[1] + flat[0] / (KM_PER_DEGREE * math.cos(math.radians(origin[0])))
    return round(latitude, 6), round(longitude, 6)


def winding(start: Flat, end: Flat, rng: Random, *, step_km: float, bend: float) -> list[Flat]:
    """Points strictly between two places, about `step_km` apart, swinging aside by up to `bend` of the way."""
    length = math.dist(start, end)
    count = max(2, round(length / step_km))
    along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
    swing, waves = rng.uniform(0.5, 1.0) * bend * length * rng.choice((-1, 1)), rng.choice((1, 1, 2))
    points = []
    for number in range(1, count):
        part = number / count
        side = swing * math.sin(math.pi * waves * part) + rng.uniform(-0.06, 0.06) * step_km
        points.append(
            (
                start[0] + along[0] * length * part - along[1] * side,
                start[1] + along[1] * length * part + along[0] * side,
            )
        )
    return points


def rotated(flat: Flat, angle: float) -> Flat:
    cosine, sine = math.cos(angle), math.sin(angle)
    return flat[0] * cosine - flat[1] * sine, flat[0] * sine + flat[1] * cosine
