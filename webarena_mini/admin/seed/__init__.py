"""The seeded database of a new store: products, customers, orders, reviews and pages that fit together."""

from webarena_mini.admin.seed.build import build, fill

__all__ = ["build", "fill"]
