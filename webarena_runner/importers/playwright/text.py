"""The text of a document in a trace, from top to bottom: a trace has no accessibility tree.

Documents are lists `[NAME, {attributes}, child, ...]`, texts, and `[[ago, n]]`: the n-th node, children first, of the
frame's document that many snapshots ago.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

MAX_NODES = 200_000
MAX_CHARACTERS = 100_000
_NOT_READ = frozenset({"SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "HEAD", "SVG", "IFRAME"})
_INLINE = re.compile("A|ABBR|B|BDI|CITE|CODE|EM|I|KBD|LABEL|MARK|Q|S|SMALL|SPAN|STRONG|SUB|SUP|TIME|U")
_VALUE = "__playwright_value_"
Documents = Sequence[Any]
_LINE_END = object()


class PageText:
    """Texts of the documents of one frame."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._nodes: dict[int, list[Any]] = {}

    def text(self, index: int) -> str:
        """Lines without blank ones, cut where no page that anybody reads ends."""
        pieces: list[str] = []
        length = 0
        for piece in self._pieces(index):
            pieces.append(piece)
            length += len(piece)
            if length > MAX_CHARACTERS:
                break
        lines = (" ".join(line.split()) for line in "".join(pieces).splitlines())
        return "\n".join(line for line in lines if line)

    def title(self, index: int) -> str:
        for name, children, at in self._elements(index):
            if name == "TITLE":
                texts = (self._resolved(child, at)[0] for child in children)
                return " ".join(" ".join(text for text in texts if isinstance(text, str)).split())
            if name == "BODY":
                break
        return ""

    def _pieces(self, index: int) -> Iterator[str]:
        waiting: list[tuple[Any, int]] = [(self._documents[index], index)]
        for _ in range(MAX_NODES):
            if not waiting:
                return
            node, at = waiting.pop()
            if node is _LINE_END:
                yield "\n"
                continue
            node, at = self._resolved(node, at)
            if isinstance(node, str):
                yield node
            elif _is_element(node) and (name := node[0].upper()) not in _NOT_READ:
                if not _INLINE.fullmatch(name):
                    yield "\n"
                    waiting.append((_LINE_END, at))
                if shown := _shown(name, node[1] if len(node) > 1 else {}):
                    yield f" {shown} "
                waiting += [(child, at) for child in reversed(node[2:])]

    def _elements(self, index: int) -> Iterator[tuple[str, list[Any], int]]:
        waiting: list[tuple[Any, int]] = [(self._documents[index], index)]
        for _ in range(MAX_NODES):
            if not waiting:
                return
            node, at = self._resolved(*waiting.pop())
            if _is_element(node):
                yield node[0].upper(), node[2:], at
                waiting += [(child, at) for child in reversed(node[2:])]

    def _resolved(self, node: Any, at: int) -> tuple[Any, int]:
        """The node that a reference stands for; "" for one to what is not there."""
        for _ in range(len(self._documents)):
            if not _is_reference(node):
                return node, at
            ago, number = node[0]
            at -= ago
            nodes = self._numbered(at) if ago >= 0 and at >= 0 else []
            node = nodes[number] if 0 <= number < len(nodes) else ""
        return node if not _is_reference(node) else "", at

    def _numbered(self, index: int) -> list[Any]:
        """Texts and elements of a document, children before their parents; references are not counted."""
        if index not in self._nodes:
            found: list[Any] = []
            waiting: list[tuple[Any, bool]] = [(self._documents[index], False)]
            while waiting and len(found) < MAX_NODES:
                node, is_done = waiting.pop()
                if isinstance(node, str) or is_done:
                    found.append(node)
                elif _is_element(node):
                    waiting.append((node, True))
                    waiting += [(child, False) for child in reversed(node[2:])]
            self._nodes[index] = found
        return self._nodes[index]


def _is_element(node: Any) -> bool:
    return isinstance(node, list) and bool(node) and isinstance(node[0], str)


def _is_reference(node: Any) -> bool:
    if not (isinstance(node, list) and len(node) == 1 and isinstance(node[0], list) and len(node[0]) == 2):
        return False
    return all(isinstance(number, int) for number in node[0])


def _shown(name: str, attributes: Any) -> str:
    """What a person sees of an element without a text of its own."""
    if not isinstance(attributes, dict):
        return ""
    if str(attributes.get("type", "")).lower() in ("hidden", "password"):
        return ""
    value = attributes.get(_VALUE) or (attributes.get("alt") if name == "IMG" else "")
    return str(value or "")
