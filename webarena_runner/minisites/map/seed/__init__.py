"""The map's database, made from the region that the embedded sites share."""

from webarena_runner.minisites.map.seed.build import build

__all__ = ["build"]
