"""Evaluators of an episode's end state, and the official way to combine them."""

from webarena_runner.evaluators.again import rescore
from webarena_runner.evaluators.combine import asks_verified, load_evaluators, needs_bodies, needs_trace, score
from webarena_runner.evaluators.scorable import not_scored, require_scorable

__all__ = [
    "asks_verified",
    "load_evaluators",
    "needs_bodies",
    "needs_trace",
    "not_scored",
    "require_scorable",
    "rescore",
    "score",
]
