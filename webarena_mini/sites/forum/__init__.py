"""The embedded forum, "Roundtable"."""

from pathlib import Path

FOLDER = Path(__file__).parent
