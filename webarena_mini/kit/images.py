"""Uploaded pictures, kept in a table `images` of the site so that a reset removes them too."""

import hashlib

from webarena_mini.kit.database import Database
from webarena_mini.kit.numbers import MAX_UPLOAD_BYTES

_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"GIF87a": ("image/gif", "gif"),
    b"GIF89a": ("image/gif", "gif"),
}


def store_image(database: Database, data: bytes) -> str | None:
    """Keeps the picture under the hash of its content and returns its file name; None when it cannot be taken."""
    kind = _kind(data)
    if kind is None or len(data) > MAX_UPLOAD_BYTES:
        return None
    content_type, suffix = kind
    name = image_name(data, suffix)
    database.run("insert or ignore into images values (?, ?, ?)", name, content_type, data)
    return name


def image_name(data: bytes, suffix: str) -> str:
    return f"{hashlib.sha256(data).hexdigest()}.{suffix}"


def _kind(data: bytes) -> tuple[str, str] | None:
    """Content type by what the file begins with; an SVG could carry a script and is not taken."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp", "webp"
    return next((kind for signature, kind in _SIGNATURES.items() if data.startswith(signature)), None)
