"""The fictional region of Halvern: towns, streets and places that the wiki and the map share."""

from webarena_mini.region.build import build_region as region
from webarena_mini.region.model import Place, Point, Railway, Region, Street, Town, Water

__all__ = ["Place", "Point", "Railway", "Region", "Street", "Town", "Water", "region"]
