"""Evaluators of an episode's end state, and the official way to combine them."""

from webarena_runner.evaluators.combine import load_evaluators, needs_trace, rescore, score

__all__ = ["load_evaluators", "needs_trace", "rescore", "score"]
