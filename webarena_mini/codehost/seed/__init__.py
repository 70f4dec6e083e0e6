"""The code hosting site's starting data: the same in every process, on every machine."""

from webarena_mini.codehost.seed.build import build
from webarena_mini.codehost.seed.people import ACCOUNT

__all__ = ["ACCOUNT", "build"]
