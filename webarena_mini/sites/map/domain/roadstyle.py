"""How kinds of street are called and drawn."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RoadStyle:
    """`width_px` is the width at zoom 16, `first_zoom` the first level that shows it; `users` is for the key."""

    label: str
    color: str
    edge: str
    width_px: float
    first_zoom: int
    users: str
    dashed: bool = False


# Those below come first, so that the larger roads lie on top.
ROADS: Mapping[str, RoadStyle] = {
    "path": RoadStyle("Path", "#a5763f", "#f3f0e7", 2.2, 10, "Bicycles and walkers", dashed=True),
    "pedestrian": RoadStyle("Pedestrian street", "#eadff0", "#b9a8c4", 7, 13, "Walkers; bicycles are pushed"),
    "residential": RoadStyle("Residential street", "#ffffff", "#c9c3b6", 8, 12, "Everybody; some are one-way"),
    "secondary": RoadStyle("Main street", "#fdf3c0", "#d2bd62", 10, 11, "Everybody"),
    "primary": RoadStyle("Primary road", "#fbd9a0", "#cf9a45", 11, 8, "Everybody"),
    "trunk": RoadStyle("Trunk road", "#f6b6a0", "#cc6f50", 12, 8, "Everybody"),
}
