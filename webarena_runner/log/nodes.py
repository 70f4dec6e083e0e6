"""The printed nodes of an observation in few bytes: what its text already says is left out, the rest compressed."""

import base64
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from itertools import accumulate, pairwise

from webarena_runner.types import Box, Node

_LINE = re.compile(r"^\t*\[([^\]\n]+)\] (.*)$", re.MULTILINE)
# Chromium's unit of layout is 1/64 of a pixel.
_UNIT = 64


def pack(nodes: Mapping[str, Node], text: str) -> str:
    """Base64 of zlib data of a JSON object; nodes that the text does not show are left out.

    `rows` has left, top, width and height as four lists, the first two as differences to the node before, in 1/64 CSS
    pixels (null: not rendered), in the order of `ids`. Without `ids` these are the ids of the text, in its order.
    `lines` has those that are not in the text.
    """
    printed = _lines_of(text)
    shown = {key: nodes[key] for key in printed if key in nodes}
    packed: dict[str, object] = {"rows": _rows(node.box for node in shown.values())}
    if len(shown) < len(printed):
        packed["ids"] = list(shown)
    if lines := {key: node.line for key, node in shown.items() if printed[key] != node.line}:
        packed["lines"] = lines
    data = json.dumps(packed, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(data, 9)).decode()


def unpack(packed: str, text: str) -> dict[str, Node]:
    """Raises ValueError, KeyError or TypeError when it is not what `pack` made for this text."""
    found = json.loads(zlib.decompress(base64.b64decode(packed, validate=True)))
    printed = _lines_of(text)
    lines = printed | found.get("lines", {})
    ids = found.get("ids", list(printed))
    return {key: Node(line=lines[key], box=box) for key, box in zip(ids, _boxes(found["rows"]), strict=True)}


def _lines_of(text: str) -> dict[str, str]:
    return {found[1]: " ".join(found[2].split()) for found in _LINE.finditer(text)}


def _rows(boxes: Iterable[Box | None]) -> list[list[int | None]]:
    listed = [box and [round(_UNIT * value) for value in (box.x, box.y, box.width, box.height)] for box in boxes]
    shown = [(0, 0), *((box[0], box[1]) for box in listed if box)]
    moves = iter([(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(shown)])
    rows = [(*next(moves), *box[2:]) if box else (None,) * 4 for box in listed]
    return [list(row) for row in zip(*rows, strict=True)] or [[], [], [], []]


def _boxes(rows: list[list[int | None]]) -> list[Box | None]:
    lefts, tops = (accumulate(value or 0 for value in row) for row in rows[:2])
    return [
        None if width is None else Box(x=left / _UNIT, y=top / _UNIT, width=width / _UNIT, height=(height or 0) / _UNIT)
        for left, top, width, height in zip(lefts, tops, rows[2], rows[3], strict=True)
    ]
