"""Drawings as pictures of pixels: the part of SVG that the drawings of the sites use, painted with Pillow.

Known are rect, circle, ellipse, polygon, path without arcs, text and g, `rotate`, `translate` and `scale`, opacity,
dashes, and fills by gradients that the document defines.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BytesIO
from xml.etree import ElementTree

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFont

# Drawn larger and then made smaller, which smooths the edges.
FINER = 2
_CURVE_STEPS = 10
_GRADIENT_SIDE = 16
_INHERITED = ("fill", "stroke", "stroke-width", "stroke-linecap", "stroke-dasharray", "font-size", "text-anchor")
_TOKEN = re.compile(r"([MLHVCSQZmlhvcsqz])|(-?(?:\d+\.?\d*|\.\d+))")
_MOVE = re.compile(r"(\w+)\(([^)]*)\)")
_COUNTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "Z": 0}
Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float]
Colour = tuple[int, int, int, int]
# Draws the outline into a mask.
Pen = Callable[[ImageDraw.ImageDraw, list[Point]], object]


@dataclass(frozen=True)
class Gradient:
    """`ends` are two points of the box that is filled, as parts of its sides; radial: centre and (radius, 0)."""

    radial: bool
    ends: tuple[Point, Point]
    stops: Sequence[tuple[float, Colour]]

    def painted(self, width: int, height: int) -> Image.Image:
        return self._tile.resize((width, height), Image.Resampling.BILINEAR)

    @cached_property
    def _tile(self) -> Image.Image:
        """Small, and then stretched: nobody sees the difference."""
        tile = Image.new("RGBA" if self.has_alpha else "RGB", (_GRADIENT_SIDE, _GRADIENT_SIDE))
        steps = [(at + 0.5) / _GRADIENT_SIDE for at in range(_GRADIENT_SIDE)]
        tile.putdata([self._at(x, y)[: len(tile.getbands())] for y in steps for x in steps])
        return tile

    @property
    def has_alpha(self) -> bool:
        return any(colour[3] < 255 for _, colour in self.stops)

    def _at(self, x: float, y: float) -> Colour:
        (x1, y1), (x2, y2) = self.ends
        if self.radial:
            along = math.hypot(x - x1, y - y1) / x2
        else:
            along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2)
        return _between(self.stops, min(1.0, max(0.0, along)))


@dataclass(frozen=True)
class _Brush:
    """How an element is painted: its own attributes and those of what it lies in."""

    matrix: Matrix
    given: Mapping[str, str] = field(default_factory=dict)

    def inside(self, element: ElementTree.Element) -> "_Brush":
        own = {name: element.attrib[name] for name in _INHERITED if name in element.attrib}
        return replace(self, matrix=_turned(self.matrix, element.get("transform", "")), given={**self.given, **own})

    def to(self, points: Sequence[Point]) -> list[Point]:
        a, b, c, d, e, f = self.matrix
        return [(a * x + c * y + e, b * x + d * y + f) for x, y in points]

    @property
    def scale(self) -> float:
        a, b, c, d, _, _ = self.matrix
        return math.sqrt(abs(a * d - b * c))

    def length(self, name: str, otherwise: float) -> float:
        return float(self.given.get(name, otherwise)) * self.scale


def rasterised(document: bytes, width: int, height: int) -> Image.Image:
    """The picture of an SVG document. Raises ValueError for what has no drawing here."""
    return painted(document, width, height).reduce(FINER)


def painted(document: bytes, width: int, height: int) -> Image.Image:
    """The same while it is still `FINER` times as large; the document's view box begins at 0, and is stretched."""
    root = ElementTree.fromstring(document.decode().replace(' xmlns="http://www.w3.org/2000/svg"', "", 1))
    box = [float(part) for part in root.attrib["viewBox"].split()]
    brush = _Brush((width * FINER / box[2], 0.0, 0.0, height * FINER / box[3], 0.0, 0.0))
    canvas = _Canvas(Image.new("RGB", (width * FINER, height * FINER), "white"), _gradients(root))
    canvas.draw(root, brush)
    return canvas.image


def jpeg(image: Image.Image, quality: int = 88) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


class _Canvas:
    def __init__(self, image: Image.Image, gradients: Mapping[str, Gradient]) -> None:
        self.image = image
        self._gradients = gradients

    def draw(self, element: ElementTree.Element, brush: _Brush) -> None:
        inner = brush.inside(element)
        match element.tag:
            case "svg" | "g":
                for child in element:
                    self.draw(child, inner)
            case "defs":
                pass
            case "text":
                self._text(element, inner)
            case _:
                self._shape(element, inner)

    def _shape(self, element: ElementTree.Element, brush: _Brush) -> None:
        opacity = float(element.get("opacity", 1))
        outlines = [(brush.to(points), closed) for points, closed in _outlines(element)]
        fill, stroke = brush.given.get("fill", "#000"), brush.given.get("stroke", "none")
        if fill != "none":
            opaque = opacity * float(element.get("fill-opacity", 1))
            for points, _ in outlines:
                if len(points) > 2:
                    self._paint(points, 0.0, fill, opaque, _filled)
        width = brush.length("stroke-width", 1)
        if stroke != "none" and width:
            for points, closed in outlines:
                lines = _dashed(points + points[:1] if closed else points, brush)
                is_round = brush.given.get("stroke-linecap") == "round"
                for line in lines:
                    self._paint(line, width, stroke, opacity, _Stroke(width, is_round=is_round))

    def _paint(self, points: Sequence[Point], margin: float, paint: str, opacity: float, pen: Pen) -> None:
        """Through a mask that is as large as the shape."""
        xs, ys = [x for x, _ in points], [y for _, y in points]
        left, top = math.floor(min(xs) - margin), math.floor(min(ys) - margin)
        width, height = math.ceil(max(xs) + margin) - left + 1, math.ceil(max(ys) + margin) - top + 1
        if width > 4 * self.image.width or height > 4 * self.image.height:
            raise ValueError("a shape is far larger than its picture")
        mask = Image.new("L", (width, height))
        pen(ImageDraw.Draw(mask), [(x - left, y - top) for x, y in points])
        self._fill(mask, (left, top), paint, opacity)

    def _fill(self, mask: Image.Image, at: tuple[int, int], paint: str, opacity: float) -> None:
        if paint.startswith("url(#"):
            gradient = self._gradients[paint[5:-1]]
            tile = gradient.painted(*mask.size)
            if gradient.has_alpha:
                mask = ImageChops.multiply(tile.getchannel("A"), mask)
                tile = tile.convert("RGB")
            self.image.paste(tile, at, _faded(mask, opacity))
        else:
            *colour, alpha = _colour(paint)
            box = (*at, at[0] + mask.width, at[1] + mask.height)
            self.image.paste(tuple(colour), box, _faded(mask, opacity * alpha / 255))

    def _text(self, element: ElementTree.Element, brush: _Brush) -> None:
        """In Pillow's own font, squeezed to `textLength` where there is one."""
        words = element.text or ""
        size = brush.length("font-size", 10)
        font = ImageFont.load_default(size=size)
        left, top, right, bottom = font.getbbox(words, anchor="ls")
        mask = Image.new("L", (max(1, math.ceil(right - left)) + 2, max(1, math.ceil(bottom - top)) + 2))
        bold = round(size / 24) if element.get("font-weight") == "700" else 0
        ImageDraw.Draw(mask).text((1 - left, 1 - top), words, fill=255, font=font, anchor="ls", stroke_width=bold)
        wanted = float(element.get("textLength", 0)) * brush.scale
        if wanted and wanted < mask.width:
            mask = mask.resize((max(1, round(wanted)), mask.height), Image.Resampling.LANCZOS)
        ((x, y),) = brush.to([(float(element.get("x", 0)), float(element.get("y", 0)))])
        x -= {"middle": mask.width / 2, "end": mask.width}.get(brush.given.get("text-anchor", ""), 0)
        self._fill(mask, (round(x), round(y + top)), brush.given.get("fill", "#000"), float(element.get("opacity", 1)))


def _filled(pen: ImageDraw.ImageDraw, points: list[Point]) -> None:
    pen.polygon(points, fill=255)


class _Stroke:
    def __init__(self, width: float, *, is_round: bool) -> None:
        self._width = max(1, round(width))
        self._is_round = is_round

    def __call__(self, pen: ImageDraw.ImageDraw, points: list[Point], /) -> None:
        pen.line(points, fill=255, width=self._width, joint="curve")
        if self._is_round:
            reach = self._width / 2
            for x, y in (points[0], points[-1]):
                pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)


def _outlines(element: ElementTree.Element) -> Iterator[tuple[list[Point], bool]]:
    """Each with whether it is closed."""
    number = {name: float(value) for name, value in element.attrib.items() if re.fullmatch(r"-?[\d.]+", value)}
    x, y = number.get("x", 0.0), number.get("y", 0.0)
    match element.tag:
        case "rect":
            yield _rounded(x, y, number["width"], number["height"], number.get("rx", 0.0)), True
        case "circle":
            yield _oval(number.get("cx", 0.0), number.get("cy", 0.0), number["r"], number["r"], 0, 360), True
        case "ellipse":
            yield _oval(number.get("cx", 0.0), number.get("cy", 0.0), number["rx"], number["ry"], 0, 360), True
        case "polygon":
            parts = [float(part) for part in re.split(r"[ ,]+", element.attrib["points"].strip())]
            yield list(zip(parts[::2], parts[1::2], strict=True)), True
        case "path":
            yield from _path(element.attrib["d"])
        case other:
            raise ValueError(f"no drawing of <{other}>")


def _rounded(x: float, y: float, width: float, height: float, radius: float) -> list[Point]:
    radius = min(radius, width / 2, height / 2)
    if not radius:
        return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    right, bottom = x + width - radius, y + height - radius
    corners = ((right, y + radius, 270), (right, bottom, 0), (x + radius, bottom, 90), (x + radius, y + radius, 180))
    return [point for cx, cy, begin in corners for point in _oval(cx, cy, radius, radius, begin, begin + 90)]


def _oval(cx: float, cy: float, rx: float, ry: float, begin: float, end: float) -> list[Point]:
    steps = 48 if end - begin == 360 else 8
    angles = [math.radians(begin + (end - begin) * at / steps) for at in range(steps + 1)]
    return [(cx + rx * math.cos(angle), cy + ry * math.sin(angle)) for angle in angles]


def _path(data: str) -> Iterator[tuple[list[Point], bool]]:
    """Curves as lines. Raises ValueError for an arc."""
    if set(re.findall(r"[A-Za-z]", data)) - set("MLHVCSQZmlhvcsqz"):
        raise ValueError(f"no drawing of the path {data[:40]!r}")
    points: list[Point] = []
    handle: Point | None = None
    for letter, numbers in _commands(data):
        kind = letter.upper()
        here = points[-1] if points else (0.0, 0.0)
        if kind in "ZM" and len(points) > 1:
            yield points, kind == "Z"
        if kind == "Z":
            points = points[:1]
            continue
        at = _absolute(kind, numbers, here, here if letter.islower() else (0.0, 0.0))
        if kind in "MLHV":
            points, handle = ([] if kind == "M" else points) + at, None
            continue
        if kind == "S":
            at.insert(0, (2 * here[0] - handle[0], 2 * here[1] - handle[1]) if handle else here)
        points, handle = points + _curve(here, at), at[-2]
    if len(points) > 1:
        yield points, False


def _absolute(kind: str, numbers: Sequence[float], here: Point, origin: Point) -> list[Point]:
    x, y = origin
    if kind == "H":
        return [(x + numbers[0], here[1])]
    if kind == "V":
        return [(here[0], y + numbers[0])]
    return [(x + numbers[at], y + numbers[at + 1]) for at in range(0, len(numbers), 2)]


def _commands(data: str) -> Iterator[tuple[str, list[float]]]:
    """One for each repetition; what follows a move is a line."""
    letter, numbers = "", list[float]()
    for found in _TOKEN.finditer(data):
        if found[1]:
            letter, numbers = found[1], []
        else:
            numbers.append(float(found[2]))
        if letter and len(numbers) == _COUNTS[letter.upper()]:
            yield letter, numbers
            letter, numbers = {"M": "L", "m": "l"}.get(letter, letter), []


def _curve(start: Point, handles: Sequence[Point]) -> list[Point]:
    """A Bezier curve by de Casteljau, its start left out."""
    found = []
    for step in range(1, _CURVE_STEPS + 1):
        t, row = step / _CURVE_STEPS, [start, *handles]
        while len(row) > 1:
            row = [(x1 + (x2 - x1) * t, y1 + (y2 - y1) * t) for (x1, y1), (x2, y2) in zip(row, row[1:], strict=False)]
        found.append(row[0])
    return found


def _dashed(points: list[Point], brush: _Brush) -> list[list[Point]]:
    dashes = [float(part) * brush.scale for part in brush.given.get("stroke-dasharray", "").split()]
    if not dashes:
        return [points]
    lines, line, at, left = list[list[Point]](), [points[0]], 0, dashes[0]
    for (x1, y1), (x2, y2) in zip(points, points[1:], strict=False):
        whole, gone = math.hypot(x2 - x1, y2 - y1), 0.0
        while whole - gone > left:
            gone += left
            point = (x1 + (x2 - x1) * gone / whole, y1 + (y2 - y1) * gone / whole)
            if at % 2 == 0:
                lines.append([*line, point])
            at, line = at + 1, [point]
            left = dashes[at % len(dashes)]
        left -= whole - gone
        line.append((x2, y2))
    return lines + ([line] if at % 2 == 0 and len(line) > 1 else [])


def _turned(matrix: Matrix, transform: str) -> Matrix:
    for name, text in _MOVE.findall(transform):
        numbers = [float(part) for part in re.split(r"[ ,]+", text.strip())]
        match name, numbers:
            case "translate", [x, y]:
                matrix = _times(matrix, (1, 0, 0, 1, x, y))
            case "scale", [x]:
                matrix = _times(matrix, (x, 0, 0, x, 0, 0))
            case "rotate", [angle, *around]:
                x, y = around or (0.0, 0.0)
                cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
                matrix = _times(matrix, (cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y))
            case _:
                raise ValueError(f"no drawing with {name}({text})")
    return matrix


def _times(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f


def _gradients(root: ElementTree.Element) -> dict[str, Gradient]:
    found = {}
    for node in root.iter():
        if node.tag not in ("linearGradient", "radialGradient"):
            continue
        of = {name: float(node.attrib[name]) for name in ("x2", "y2", "cx", "cy", "r") if name in node.attrib}
        radial = node.tag == "radialGradient"
        start = (of.get("cx", 0.5), of.get("cy", 0.5)) if radial else (0.0, 0.0)
        end = (of.get("r", 0.5), 0.0) if radial else (of.get("x2", 1.0), of.get("y2", 0.0))
        stops = [(float(stop.get("offset", 0)), _stop_colour(stop)) for stop in node]
        found[node.attrib["id"]] = Gradient(radial, (start, end), stops)
    return found


def _stop_colour(stop: ElementTree.Element) -> Colour:
    red, green, blue, _ = _colour(stop.attrib["stop-color"])
    return red, green, blue, round(255 * float(stop.get("stop-opacity", 1)))


def _between(stops: Sequence[tuple[float, Colour]], along: float) -> Colour:
    for (low, one), (high, other) in zip(stops, stops[1:], strict=False):
        if along <= high:
            part = (along - low) / (high - low) if high > low and along > low else 0.0
            red, green, blue, alpha = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
            return red, green, blue, alpha
    return stops[-1][1]


def _colour(text: str) -> Colour:
    found = ImageColor.getcolor(text, "RGBA")
    assert isinstance(found, tuple)
    red, green, blue, alpha = found
    return red, green, blue, alpha


def _faded(mask: Image.Image, opacity: float) -> Image.Image:
    return mask if opacity >= 1 else mask.point(lambda value: round(value * opacity))
