"""The embedded code hosting site, "Slipway"."""

from pathlib import Path

FOLDER = Path(__file__).parent
