"""The official html text, from a DOMSnapshot: data in, text out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from webarena_runner.browser.observe.axtree import OFFICIAL_MAX_DEPTH, TOO_DEEP, Rendered
from webarena_runner.browser.observe.geometry import ROOT_RECTANGLE, Rectangle, Screen, in_view
from webarena_runner.types import Box, Node

NO_PARENT = -1


def render(
    snapshot: Mapping[str, Any], rectangles: Mapping[int, Rectangle | None], *, screen: Screen | None
) -> Rendered:
    """The text; ids number the nodes that are in view (`screen` None: all nodes) in the snapshot's order."""
    strings: Sequence[str] = snapshot["strings"]
    table = snapshot["documents"][0]["nodes"]
    parents: Sequence[int] = table["parentIndex"]
    boxes = [
        ROOT_RECTANGLE if parent == NO_PARENT else rectangles.get(backend_id)
        for parent, backend_id in zip(parents, table["backendNodeId"], strict=True)
    ]
    kept = [index for index, box in enumerate(boxes) if screen is None or in_view(box, screen)]
    number = {index: position for position, index in enumerate(kept)}
    lines: list[str] = []
    nodes: dict[str, Node] = {}
    deepest = 0
    for index, depth, level in _walk(parents, number, table, strings):
        deepest = max(deepest, level)
        label = _label(table, strings, index)
        if label is not None:
            node_id, box = str(number[index]), boxes[index]
            lines.append("\t" * depth + f"[{node_id}] {label}\n")
            nodes[node_id] = Node(line=" ".join(label.split()), box=box and Box(**box._asdict()))
    return Rendered("".join(lines), nodes, (TOO_DEEP,) if deepest > OFFICIAL_MAX_DEPTH else ())


def _walk(
    parents: Sequence[int], kept: Mapping[int, int], table: Mapping[str, Any], strings: Sequence[str]
) -> Iterator[tuple[int, int, int]]:
    """Kept nodes in document order: index, depth of the line, level of recursion in the official code."""
    children: dict[int, list[int]] = {}
    for index, parent in enumerate(parents):
        children.setdefault(parent, []).append(index)
    stack = [(index, 0, 1) for index in children.get(NO_PARENT, [])[:1]]
    while stack:
        index, depth, level = stack.pop()
        if index in kept:
            yield index, depth, level
            depth += _label(table, strings, index) is not None
            level += 1
        stack.extend((child, depth, level) for child in reversed(children.get(index, ())))


def _label(table: Mapping[str, Any], strings: Sequence[str], index: int) -> str | None:
    """What is printed after the id; None for a node with neither attributes nor a value."""
    value_index = table["nodeValue"][index]
    value = " ".join(strings[value_index].split()) if value_index >= 0 else ""
    # An empty attribute has string index -1, which the official code takes for the last string: a frame id.
    pairs = table["attributes"][index]
    attributes = " ".join(
        f'{strings[name]}="{" ".join(strings[content].split())}"'
        for name, content in zip(pairs[::2], pairs[1::2], strict=True)
    ).strip()
    if not attributes and not value:
        return None
    opening = f"<{strings[table['nodeName'][index]]}"
    return f"{opening} {attributes}> {value}" if attributes else f"{opening}> {value}"
