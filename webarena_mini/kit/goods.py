"""Pictures of goods: a drawing lit from the upper left in a photographer's tent, with what is printed on its label."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from string import Template

from webarena_mini.kit.media import tone

SIDE = 200
_FLAT_FILL = re.compile(r'fill="\$([abc])"')


@dataclass(frozen=True)
class Label:
    """What is printed where: `box` is x, y, width and height in the drawing's units of 200 by 200."""

    box: Sequence[float]
    brand: str
    text: str


def picture(shape: str, colour: str, tint: str, label: Label | None = None) -> bytes:
    """An SVG document. `shape` has $a for the colour, $b for a darker and $c for a lighter tone of it.

    Areas in these tones get light and shade, so that it does not look like an icon. No filters: a shadow by filter
    makes a page of 24 goods take a browser without a GPU twice as long to paint.
    """
    tones = {"a": colour, "b": tone(colour, lightness=0.72), "c": tone(colour, lightness=1.7)}
    body = Template(_FLAT_FILL.sub(r'fill="url(#\1)"', shape)).substitute(tones)
    near, far = tone(tint, lightness=14, saturation=0.6), tone(tint, lightness=4.5, saturation=0.55)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="480" height="480"><defs>'
        f"{_gradients(tones)}"
        f'<radialGradient id="tent" cx=".42" cy=".36" r=".85"><stop stop-color="{near}"/>'
        f'<stop offset="1" stop-color="{far}"/></radialGradient>'
        '<radialGradient id="ground"><stop stop-color="#000" stop-opacity=".38"/><stop offset="1" stop-color="#000"'
        ' stop-opacity="0"/></radialGradient></defs>'
        f'<rect width="{SIDE}" height="{SIDE}" fill="url(#tent)"/>'
        f'<ellipse cx="106" cy="174" rx="82" ry="13" fill="url(#ground)"/>{body}'
        f"{_print(label) if label else ''}</svg>"
    ).encode()


def _gradients(tones: Mapping[str, str]) -> str:
    return "".join(
        f'<linearGradient id="{name}" x2=".8" y2="1"><stop stop-color="{tone(colour, lightness=1.55)}"/>'
        f'<stop offset=".45" stop-color="{colour}"/><stop offset="1" stop-color="{tone(colour, lightness=0.62)}"/>'
        "</linearGradient>"
        for name, colour in tones.items()
    )


def _print(label: Label) -> str:
    """The brand, and below it the text in as many lines as there is room for, all within the box."""
    x, y, width, height = label.box
    lines = [label.brand.upper(), *textwrap.wrap(label.text, max(9, round(width / 5.2)), break_long_words=False)]
    step = height / (len(lines) + 0.4)
    size = min(11.0, step * 0.86)
    room = width - 6
    rows = []
    for number, line in enumerate(lines):
        at = f'x="{x + width / 2:.1f}" y="{y + step * (number + 0.95):.1f}" font-size="{size:.1f}"'
        # A line that may be wider than the label is squeezed, whatever font the machine has.
        is_wide = len(line) * size * (0.54 if number else 0.68) > room
        fit = f' textLength="{room:.0f}" lengthAdjust="spacingAndGlyphs"' if is_wide else ""
        weight = "" if number else ' font-weight="700"'
        rows.append(f"<text {at}{weight}{fit}>{escape(line)}</text>")
    return f'<g font-family="Helvetica, Arial, sans-serif" text-anchor="middle" fill="#2b2620">{"".join(rows)}</g>'
