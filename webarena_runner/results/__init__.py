"""Runs as pandas frames, for notebooks and scripts: `load("results/RUN").tasks`."""

from webarena_runner.results.frames import Frames, load

__all__ = ["Frames", "load"]
