"""Which DOM node a rectangle belongs to: the script's walk and the DOM snapshot go over one tree in the same order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webarena_runner.browser.observe.geometry import Rectangle, Screen

ELEMENT, TEXT = 1, 3
NOWHERE = Rectangle(0.0, 0.0, 0.0, 0.0)
MAX_NAME_LENGTH = 60


@dataclass(frozen=True)
class Walk:
    """What the script saw, node by node: `kinds` one character each, `children` how many; rectangles by position."""

    world_id: int
    kinds: str
    children: Sequence[int]
    rectangles: Mapping[int, Rectangle]
    screen: Screen
    title: str


# A script sees an element's rectangle but no backend id, DevTools the id but not the rectangle as the official script
# computes it; asking for each node alone takes a round trip per node. So both trees are read in one go each and laid
# side by side. The page may change between the two, and a wrong pair would put an element's box on another: a subtree
# whose shapes differ is left out, and its nodes are asked for one by one.
def align(walk: Walk, snapshot: Mapping[str, Any]) -> dict[int, Rectangle | None]:
    """Rectangles by backend node id, of the nodes that the script is sure to have seen; None: official gets none."""
    table, strings = snapshot["documents"][0]["nodes"], snapshot["strings"]
    backend_ids, types = table["backendNodeId"], table["nodeType"]
    pseudo = set(table.get("pseudoType", {}).get("index", ()))
    # Scripts cannot reach pseudo-elements, and the official code gets no rectangle for them.
    known: dict[int, Rectangle | None] = {backend_ids[index]: None for index in pseudo}
    real = [index for index in range(len(types)) if index not in pseudo]
    kinds = _kinds(types, table["nodeName"], strings)
    hosts = _closed_hosts(table, strings)
    if hosts or walk.kinds != "".join(kinds[index] for index in real):
        pairs = _matched(walk, kinds, table["parentIndex"], real, hosts)
    else:
        pairs = list(enumerate(real))
    for position, index in pairs:
        has_box = types[index] in (ELEMENT, TEXT)
        known[backend_ids[index]] = walk.rectangles.get(position, NOWHERE) if has_box else None
    return known


def _kinds(types: Sequence[int], names: Sequence[int], strings: Sequence[str]) -> list[str]:
    """The script's character for each node: its type, or for elements the length of the name."""
    seen: dict[tuple[int, int], str] = {}
    for key in set(zip(types, names, strict=True)):
        kind, name = key
        # One character a node makes the comparison of two whole pages one comparison of texts.
        seen[key] = chr(64 + min(len(strings[name]), MAX_NAME_LENGTH)) if kind == ELEMENT else chr(48 + kind)
    return [seen[key] for key in zip(types, names, strict=True)]


def _closed_hosts(table: Mapping[str, Any], strings: Sequence[str]) -> set[int]:
    """Nodes whose children the script cannot see, because they lie in a closed shadow tree."""
    rare = table.get("shadowRootType", {"index": [], "value": []})
    closed = {index for index, value in zip(rare["index"], rare["value"], strict=True) if strings[value] == "closed"}
    return {table["parentIndex"][index] for index in closed} - closed


def _matched(
    walk: Walk, kinds: Sequence[str], parents: Sequence[int], real: Sequence[int], hosts: set[int]
) -> list[tuple[int, int]]:
    """Pairs of position and index, from the root down; not below hosts, nor below nodes whose children differ."""
    children: dict[int, list[int]] = {}
    for index in real:
        children.setdefault(parents[index], []).append(index)
    ends = _ends(walk.children)
    pairs = []
    stack = [(0, real[0])] if real and ends else []
    while stack:
        position, index = stack.pop()
        pairs.append((position, index))
        below = children.get(index, [])
        if index in hosts or len(below) != walk.children[position]:
            continue
        at = position + 1
        for child in below:
            if walk.kinds[at] == kinds[child]:
                stack.append((at, child))
            at = ends[at]
    return pairs


def _ends(children: Sequence[int]) -> list[int]:
    """For each node of a walk in document order, the position after its last descendant."""
    ends = [0] * len(children)
    for position in range(len(children) - 1, -1, -1):
        end = position + 1
        for _ in range(children[position]):
            end = ends[end]
        ends[position] = end
    return ends
