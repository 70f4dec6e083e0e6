"""Evaluators of an episode's end state, and the official way to combine them."""

from webarena_runner.evaluators.again import rescore
from webarena_runner.evaluators.combine import load_evaluators, needs_trace, score
from webarena_runner.evaluators.scorable import not_scored, require_scorable

__all__ = ["load_evaluators", "needs_trace", "not_scored", "require_scorable", "rescore", "score"]
