"""The wiki's articles: the same in every process, on every machine."""

from webarena_runner.minisites.wiki.seed.build import build

__all__ = ["build"]
