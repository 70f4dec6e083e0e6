"""The embedded wiki, "Commonlore"."""

from pathlib import Path

FOLDER = Path(__file__).parent
