"""Matplotlib's drawings as parts of a page: their colours are the page's own, in light and in dark."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Stand for the colours that the style sheet gives the classes of these names.
INKS: Mapping[str, str] = {
    name: f"#0000{number:02x}"
    for number, name in enumerate(("passed", "failed", "errored", "not-run", "accent", "ink", "muted", "line"), start=1)
}
_NAME_OF = {ink: name for name, ink in INKS.items()}
_SVG = "{http://www.w3.org/2000/svg}"
_KEPT = frozenset(("svg", "g", "path", "text", "title"))
_DROPPED = frozenset(("id", "clip-path", "style", "font", "font-family", "stroke-linejoin"))
# Texts are shown as they are: a name may have dollar signs, which would be mathematics.
_SETTINGS: dict[Any, Any] = {"svg.fonttype": "none", "text.parse_math": False, "font.size": 11, "axes.linewidth": 0.8}


@contextmanager
def drawn(width_px: float, height_px: float) -> Iterator[tuple["Figure", "Axes"]]:
    """A figure of so many CSS pixels with one plain axes, without a frame."""
    # Imported here: it takes most of a second.
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS):
        figure = Figure((width_px / 72, height_px / 72), layout="constrained")
        axes = figure.add_subplot()
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(INKS["line"])
        axes.tick_params(length=0, labelcolor=INKS["muted"], labelsize=11)
        axes.yaxis.grid(visible=True, color=INKS["line"], linewidth=0.8)
        axes.set_axisbelow(True)
        yield figure, axes


def as_markup(figure: "Figure", label: str) -> Markup:
    """The drawing as an element of a page: no styles, no ids, nothing that is loaded; `label` says what it shows."""
    import matplotlib as mpl

    written = io.StringIO()
    with mpl.rc_context(_SETTINGS):
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    root = ElementTree.fromstring(written.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.removeprefix(_SVG) not in _KEPT:
                parent.remove(child)
    for element in root.iter():
        _tidy(element)
    for parent in list(root.iter()):
        for child in list(parent):
            if _is_invisible(child):
                parent.remove(child)
    root.attrib = {"viewBox": root.attrib["viewBox"], "class": "chart", "role": "img", "aria-label": label}
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _is_invisible(element: ElementTree.Element) -> bool:
    """A path without a line around it and nothing in it, as those that matplotlib has for backgrounds."""
    has_line = "stroke" in element.get("class", "") or "stroke" in element.attrib
    return element.tag == "path" and element.get("fill") == "none" and not has_line


def _tidy(element: ElementTree.Element) -> None:
    """Style declarations become attributes, and the stand-ins for colours classes; the page has fonts of its own."""
    element.tag = element.tag.removeprefix(_SVG)
    element.tail = None
    if element.tag not in ("text", "title"):
        element.text = None
    declared = element.attrib | dict(_declarations(element.get("style", "")))
    element.attrib = {name: value for name, value in declared.items() if name not in _DROPPED and value not in _NAME_OF}
    classes = [f"{name}-{_NAME_OF[value]}" for name, value in declared.items() if value in _NAME_OF]
    if classes:
        element.set("class", " ".join(classes))


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for part in style.split(";"):
        name, colon, value = part.partition(":")
        if colon:
            yield name.strip(), value.strip()
