"""The embedded shop admin, "Solbrook Backstage"."""

from pathlib import Path

FOLDER = Path(__file__).parent
