"""The forum's starting data: the same in every process, on every machine."""

from webarena_mini.forum.seed.build import ACCOUNT, build

__all__ = ["ACCOUNT", "build"]
