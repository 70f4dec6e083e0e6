"""The embedded map, "Wayside Atlas"."""

from pathlib import Path

FOLDER = Path(__file__).parent
