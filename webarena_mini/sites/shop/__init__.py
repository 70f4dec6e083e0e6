"""The embedded shop, "Larkfield Market"."""

from pathlib import Path

FOLDER = Path(__file__).parent
