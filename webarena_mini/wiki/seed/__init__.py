"""The wiki's articles: the same in every process, on every machine."""

from webarena_mini.wiki.seed.build import build

__all__ = ["build"]
