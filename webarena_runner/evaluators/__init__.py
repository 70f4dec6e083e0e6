"""Evaluators of an episode's end state, and the official way to combine them."""

from webarena_runner.evaluators.combine import rescore, score

__all__ = ["rescore", "score"]
