"""The numbered elements of a page and the text that lists them, as VisualWebArena has them: data in, text out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from webarena_runner.browser.observe.axtree import Rendered
from webarena_runner.browser.observe.geometry import Screen
from webarena_runner.types import Box, Node

# Elements that cover more of the viewport than this are left out.
LARGEST_SHARE = 0.8
# CSS pixels of either side below which an element has a number, but neither a mark nor a line.
SMALLEST_SIDE = 8
MAX_CHARACTERS = 200
ONLY_NUMBERS = "observation: the official table of elements takes texts that are all numbers for numbers, and fails"
QUOTED = "observation: the official table of elements may fail at a quotation mark in an element's class or id"


class Element(NamedTuple):
    """One that the script found; places are CSS pixels of the viewport, `text` is without line ends and tabs."""

    tag: str
    can_act: bool
    left: float
    top: float
    right: float
    bottom: float
    width: float
    height: float
    text: str
    alt: str


@dataclass(frozen=True)
class Mark:
    """A frame around an element, with its number."""

    number: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Marked:
    """The list as text, all elements that have a number, and the marks that are drawn."""

    rendered: Rendered
    marks: tuple[Mark, ...]
    screen: Screen


def render(elements: Iterable[Element], screen: Screen, *, only_numbers: bool = False, quoted: bool = False) -> Marked:
    lines: list[str] = []
    said: set[str] = set()
    nodes: dict[str, Node] = {}
    marks = []
    for element in elements:
        if not _counts(element, screen):
            continue
        if not element.can_act:
            text = element.text[:MAX_CHARACTERS]
            if text and text not in said and not _is_style(text):
                lines.append(f"[] [StaticText] [{text}]")
                said.add(text)
            continue
        number = len(nodes) + 1
        text = (element.alt if element.tag == "IMG" else "") + element.text[:MAX_CHARACTERS]
        line = f"[{element.tag}] [{text}]"
        nodes[str(number)] = Node(
            line=" ".join(line.split()),
            box=Box(x=element.left, y=element.top, width=element.width, height=element.height),
        )
        if element.width >= SMALLEST_SIDE and element.height >= SMALLEST_SIDE:
            marks.append(Mark(number, element.left, element.top, element.right, element.bottom))
            lines.append(f"[{number}] {line}")
            if text in said:
                # Officially: a text that looks like a line of the list takes that line away.
                lines = [earlier for earlier in lines if earlier.strip() != text]
            said.add(text)
    deviations = (*([ONLY_NUMBERS] if only_numbers else []), *([QUOTED] if quoted else []))
    return Marked(Rendered("\n".join(lines), nodes, deviations), tuple(marks), screen)


def read_elements(rows: Sequence[Sequence[object]]) -> list[Element]:
    return [Element(*row) for row in rows]  # type: ignore[arg-type]


def _counts(element: Element, screen: Screen) -> bool:
    in_view = (
        element.bottom >= 0 and element.top <= screen.height and element.right >= 0 and element.left <= screen.width
    )
    return in_view and element.width * element.height <= LARGEST_SHARE * (screen.width * screen.height)


def _is_style(text: str) -> bool:
    return text.startswith(".") and "{" in text
