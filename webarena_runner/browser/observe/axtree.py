"""The official accessibility-tree text, from DevTools' list of nodes: data in, text out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from webarena_runner.browser.observe.geometry import ROOT_RECTANGLE, Rectangle, Screen, in_view
from webarena_runner.browser.observe.ids import Number, browser_id
from webarena_runner.browser.observe.limits import MAX_NAME_CHARACTERS, shortened
from webarena_runner.types import Box, Node

# Properties that the official code never prints.
IGNORED_PROPERTIES = frozenset({"focusable", "editable", "readonly", "level", "settable", "multiline", "invalid"})
# All that the Chromium of the published benchmark (version 112, Playwright 1.32) had. Later ones add `url` on every
# link, image and document, and `actions`; the published prompts show neither.
PUBLISHED_PROPERTIES = frozenset(
    {
        "busy",
        "disabled",
        "editable",
        "focusable",
        "focused",
        "hidden",
        "hiddenRoot",
        "invalid",
        "keyshortcuts",
        "settable",
        "roledescription",
        "live",
        "atomic",
        "relevant",
        "root",
        "autocomplete",
        "hasPopup",
        "level",
        "multiselectable",
        "orientation",
        "multiline",
        "readonly",
        "required",
        "valuemin",
        "valuemax",
        "valuetext",
        "checked",
        "expanded",
        "modal",
        "pressed",
        "selected",
        "activedescendant",
        "controls",
        "describedby",
        "details",
        "errormessage",
        "flowto",
        "labelledby",
        "owns",
    }
)
# Roles under the names that it had; the rule for empty nodes below knows them by these.
PUBLISHED_ROLES = {"image": "img"}
# Without name and properties, nodes of these roles are left out and their children take their place.
DROPPED_WHEN_EMPTY = frozenset(
    {
        "generic",
        "img",
        "list",
        "strong",
        "paragraph",
        "banner",
        "navigation",
        "Section",
        "LabelText",
        "Legend",
        "listitem",
    }
)
_NOTHING: Mapping[str, Any] = {}
STATIC_TEXT = re.compile(r"\[\d+\] StaticText (.+)", re.DOTALL)
LINES_COMPARED = 3
# The official code recurses once a level and fails somewhat below Python's limit of 1000.
OFFICIAL_MAX_DEPTH = 950
TOO_DEEP = "observation: deeper than the official code can recurse"


class AxNode(NamedTuple):
    """`label` is what is printed after the id (None: nothing); `backend_id` names the DOM node (None: it has none)."""

    label: str | None
    backend_id: int | None
    children: Sequence[str]
    is_page: bool


@dataclass(frozen=True)
class Rendered:
    """Text without the tab line, every node that can be acted on by id, and what official could not have done."""

    text: str
    nodes: dict[str, Node]
    deviations: tuple[str, ...] = ()


def parse(raw_nodes: Sequence[Mapping[str, Any]], *, published: bool, placed_only: bool = False) -> dict[str, AxNode]:
    """Nodes by id, root first; of nodes that DevTools repeats, the first counts.

    `placed_only`: those of no DOM node, a quarter of all, get no label, since they are never in view.
    """
    tree: dict[str, AxNode] = {}
    for raw in raw_nodes:
        node_id: str = raw["nodeId"]
        if node_id not in tree:
            backend_id = raw.get("backendDOMNodeId")
            label = None if placed_only and backend_id is None else _label(raw, published=published)
            is_page = raw.get("role", _NOTHING).get("value") == "RootWebArea"
            tree[node_id] = AxNode(label, backend_id, raw.get("childIds", ()), is_page)
    return tree


def needed(tree: Mapping[str, AxNode]) -> list[int]:
    """DOM nodes whose rectangles decide what is printed, or where a click lands."""
    return [
        node.backend_id
        for node in tree.values()
        if node.label is not None and node.backend_id is not None and not node.is_page
    ]


def render(
    tree: Mapping[str, AxNode],
    rectangles: Mapping[int, Rectangle | None],
    *,
    screen: Screen | None,
    number: Number = browser_id,
) -> Rendered:
    """The text; `screen` None prints what is out of view too; `number` gives the id to print."""
    lines: list[str] = []
    nodes: dict[str, Node] = {}
    deepest = 0
    stack = [(node_id, 0, 1) for node_id in list(tree)[:1]]
    while stack:
        node_id, depth, level = stack.pop()
        node = tree.get(node_id)
        if node is None:
            continue
        deepest = max(deepest, level)
        if node.label is not None:
            box = _box(node, rectangles)
            if screen is None or in_view(box, screen):
                shown_id = number(node_id)
                lines.append("\t" * depth + f"[{shown_id}] {node.label}")
                # Nodes of no DOM node print, but official then fails to indent what is below, and to remember them.
                if node.backend_id is not None:
                    nodes[shown_id] = Node(line=" ".join(node.label.split()), box=box and Box(**box._asdict()))
                    depth += 1
        if node.children:
            stack += [(child, depth, level + 1) for child in reversed(node.children)]
    text = "\n".join(_without_repeats("\n".join(lines).split("\n")))
    return Rendered(text, nodes, (TOO_DEEP,) if deepest > OFFICIAL_MAX_DEPTH else ())


def _box(node: AxNode, rectangles: Mapping[int, Rectangle | None]) -> Rectangle | None:
    if node.backend_id is None:
        return None
    return ROOT_RECTANGLE if node.is_page else rectangles.get(node.backend_id)


def _label(raw: Mapping[str, Any], *, published: bool) -> str | None:
    # So it is with those that the tree ignores; to raise for each takes longer than all the rest.
    if "name" not in raw:
        return None
    try:
        role: str = raw["role"]["value"]
        name: str = raw["name"]["value"]
    except KeyError:
        return None
    if published:
        role = PUBLISHED_ROLES.get(role, role)
    properties = _properties(raw.get("properties", ()), published=published)
    if not name.strip():
        dropped = {"listitem"} if properties else DROPPED_WHEN_EMPTY
        if role in dropped:
            return None
    return shortened(" ".join([role, repr(name), *properties]), MAX_NAME_CHARACTERS)


def _properties(raw: Sequence[Mapping[str, Any]], *, published: bool) -> list[str]:
    return [
        f"{entry['name']}: {entry['value']['value']}"
        for entry in raw
        if entry["name"] not in IGNORED_PROPERTIES
        and "value" in entry["value"]
        and (not published or entry["name"] in PUBLISHED_PROPERTIES)
    ]


def _without_repeats(lines: Sequence[str]) -> list[str]:
    """Leaves out static text that one of the last three kept lines shows already."""
    kept: list[str] = []
    for line in lines:
        if "statictext" not in line.lower():
            kept.append(line)
            continue
        # Only lines with an id that is not negative match; the others are lost (official).
        found = STATIC_TEXT.search(line)
        text = found.group(1)[1:-1] if found else ""
        if text and all(text not in earlier for earlier in kept[-LINES_COMPARED:]):
            kept.append(line)
    return kept
