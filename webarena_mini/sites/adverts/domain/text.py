"""How prices and ratings read, and where pages are."""

import sqlite3
from collections.abc import Mapping
from urllib.parse import urlencode


def price(cents: int | None) -> str:
    """ "Check with seller" where the seller names none."""
    return "Check with seller" if cents is None else f"${cents // 100:,}.{cents % 100:02}"


def stars(rating: float) -> str:
    full = round(rating)
    return "★" * full + "☆" * (5 - full)


def item_path(item_id: int) -> str:
    return f"/index.php?page=item&id={item_id}"


def picture_path(item: sqlite3.Row) -> str:
    """ "" for an advertisement without a picture."""
    if item["image_id"]:
        return f"/oc-content/uploads/own/{item['image_id']}"
    return f"/oc-content/uploads/{item['id'] // 100}/{item['id']}.png" if item["shape"] else ""


def search_path(query: Mapping[str, str], **changed: object) -> str:
    """The same search with something else about it; what is empty is left out."""
    merged = {**query, **changed}
    return "/index.php?" + urlencode({key: value for key, value in merged.items() if value not in ("", 0, None)})
