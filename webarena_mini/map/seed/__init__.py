"""The map's database, made from the region that the embedded sites share."""

from webarena_mini.map.seed.build import build

__all__ = ["build"]
