"""A sheet of SVG shapes for one view of the map."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from webarena_mini.region import Point
from webarena_mini.sites.map.domain.view import View

INK = "#27323a"


@dataclass
class Canvas:
    """Collects shapes; `taken` are the boxes of labels that stand already."""

    view: View
    shapes: list[str] = field(default_factory=list)
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def line(self, points: Sequence[Point], style: str, *, closed: bool = False) -> None:
        self.lines([points], style, closed=closed)

    def lines(self, many: Sequence[Sequence[Point]], style: str, *, closed: bool = False) -> None:
        """Several lines of one style as one shape."""
        paths = (
            f"M{'L'.join(f'{x:.1f},{y:.1f}' for x, y in map(self.view.pixel, points))}{'Z' if closed else ''}"
            for points in many
        )
        self.shapes.append(f'<path d="{"".join(paths)}" {style}/>')

    def is_free(self, x: float, y: float, width: float, height: float) -> bool:
        box = (x, y, x + width, y + height)
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in self.taken):
            return False
        self.taken.append(box)
        return True

    def text(self, x: float, y: float, words: str, size: float, *, color: str = INK, extra: str = "") -> None:
        self.shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{color}" stroke="#fff" stroke-width="3"'
            f' paint-order="stroke" text-anchor="middle" {extra}>{escape(words)}</text>'
        )


def middle(points: Sequence[Point]) -> Point:
    return sum(point[0] for point in points) / len(points), sum(point[1] for point in points) / len(points)
