"""The embedded classified advertisements, "Swapfield"."""

from pathlib import Path

FOLDER = Path(__file__).parent
