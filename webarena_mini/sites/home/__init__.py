"""The embedded home page, "Front Desk"."""

from pathlib import Path

FOLDER = Path(__file__).parent
