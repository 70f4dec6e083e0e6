"""Odd values and damage, drawn from a seeded generator: what is drawn depends on the seed alone, on every machine."""

import json
import random
from collections.abc import Iterator
from typing import Any

# What Python cannot write as JSON: marks, and what takes their place in the text.
UNWRITABLE = {"@digits@": "9" * 5000, "@deep@": "[" * 600 + "]" * 600, "@deeper@": "[" * 20_000 + "]" * 20_000}
TEXTS = (
    *("", " ", "\n", "\0", "\x1b[31m", "\ud800", "\u202e", "N/A", "null", "9" * 5000, "x" * 20_000, "é" * 300),
    *("__SHOPPING__", "__SHOPPING__/a", "__MAP__ |AND| file:///etc/passwd", "__NOWHERE__", "__last_url__", "last"),
    *("http://[::1", "http://a:99999/", "http://a@b\\c/", "//", "file:///etc/passwd", "view-source:http://a", "data:,"),
    *(
        "func:",
        "func:shopping_get_latest_order_url()",
        "func:reddit_get_post_url('x')",
        "func:" + "(" * 200,
        "lambda: 1",
    ),
    *("document.", "document.location='file:///'", "[...document.all]", " |OR| ", "a |OR| b", "GOLD in PRED", "EXACT"),
    *("string_match", "url_match", "program_html", "./.auth/x_state.json", "_state.json", "shopping", "/", "..", "NaN"),
    *(
        "```",
        "```click [1]```",
        "<think>",
        "</think>",
        "stop [",
        "click [",
        "type [1] [x] [1]",
        "page.get_by_role(",
        "{",
        "[",
    ),
)
WHOLE_FILES = (b"", b"\n", b"\xff\xfe", b"\xef\xbb\xbf", b"null", b"[]", b"{}", b"[" * 100_000, b"\x1f\x8b")
NUMBERS = (0, -1, 1, 7, 2**63, 10**18, 10**30, -(10**30), 0.5, -0.0, 1e308, float("inf"), float("nan"))


def value(rng: random.Random, depth: int = 0) -> Any:
    match rng.randrange(8 if depth < 3 else 6):
        case 0 | 1 | 2:
            return rng.choice(TEXTS)
        case 3:
            return rng.choice(NUMBERS)
        case 4:
            return rng.choice((None, True, False))
        case 5:
            return rng.choice(([], {}, *UNWRITABLE))
        case 6:
            return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
        case _:
            return {rng.choice(TEXTS)[:50]: value(rng, depth + 1) for _ in range(rng.randrange(4))}


def changed(original: Any, rng: random.Random) -> Any:
    """The JSON value with one to four places replaced, left out, doubled or exchanged; the original stays."""
    copy = json.loads(json.dumps(original))
    for _ in range(rng.randrange(1, 5)):
        places = list(_places(copy))
        if not places:
            return value(rng)
        holder, key = rng.choice(places)
        match rng.randrange(6):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.insert(key, holder[key])
            case 2:
                other, other_key = rng.choice(places)
                holder[key], other[other_key] = other[other_key], holder[key]
                # Two exchanged places may be inside each other, which is no JSON value any more.
                if not _is_finite(copy):
                    return value(rng)
            case 3 if isinstance(holder, dict):
                holder[rng.choice(TEXTS)[:50]] = value(rng)
            case _:
                holder[key] = value(rng)
    return copy


def text_of(json_value: Any, rng: random.Random) -> str:
    """JSON text; halves of characters as escapes, or else the text could not be written at all."""
    dumped = json.dumps(json_value, indent=rng.choice((None, 1)))
    for mark, text in UNWRITABLE.items():
        dumped = dumped.replace(json.dumps(mark), text)
    return dumped


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes as a disk, an editor or a power cut may leave them."""
    at, end = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
    match rng.randrange(7):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + b"\0" * (end - at)
        case 2:
            return data[:at] + rng.randbytes(rng.randrange(1, 9)) + data[at:]
        case 3:
            return data[:at] + data[end:]
        case 4:
            return data[:end] + data[at:]
        case 5:
            return rng.choice(
                (b"", b"\n", b"\xff\xfe", b"\xef\xbb\xbf", b"null", b"[]", b"{}", b"[" * 100_000, b"\x1f\x8b")
            )
        case _:
            return bytes(byte ^ (1 << rng.randrange(8)) if rng.random() < 0.01 else byte for byte in data)


def mixed(texts: tuple[str, ...], rng: random.Random) -> str:
    """Pieces of the texts and odd ones, in any order."""
    pieces = []
    for _ in range(rng.randrange(1, 6)):
        whole = rng.choice(texts) if rng.random() < 0.6 else rng.choice(TEXTS)
        start = rng.randrange(len(whole) + 1) if rng.random() < 0.3 else 0
        pieces.append(whole[start : start + rng.choice((5, 40, 10**6))])
    return "".join(pieces)


def _places(json_value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container with a key of it."""
    waiting = [json_value]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            yield holder, key
            waiting.append(holder[key])


def _is_finite(json_value: Any) -> bool:
    try:
        json.dumps(json_value)
    except (ValueError, RecursionError):
        return False
    return True
