"""Flat drawings for what has no place on a map; 280 by 200 units."""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from random import Random
from typing import Any

from webarena_mini.sites.wiki import FOLDER

Drawing = Callable[[Random, str], str]
_INKS = ("#12463f", "#7a3b2e", "#2f4f7f", "#5f4b8b", "#6b5a1e", "#24586b", "#7c2f55")
_CLUB_COLORS = {
    "navy": "#1f2f5c",
    "white": "#fbfbf8",
    "red": "#b3261e",
    "black": "#1d1d1f",
    "gold": "#e0ac2b",
    "blue": "#2456a6",
    "green": "#2c7a4b",
    "silver": "#c3c9cd",
    "light blue": "#8cc4e8",
}
_COATS = (("#6f5a45", "#e9dcc4"), ("#5b7f95", "#eef2f2"), ("#8a4f3a", "#f2d8bd"), ("#4e5b52", "#d9e0cf"))
_GROUNDS = ("#e8f0ec", "#f4ead9", "#e4ecf5", "#efe9f4", "#f3efdb", "#e3eff2")


@cache
def _shapes() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "data" / "shapes.toml").read_text("utf-8"))


def _ground(rng: Random) -> str:
    return f'<rect width="280" height="200" fill="{rng.choice(_GROUNDS)}"/>'


def _path(shape: str, fill: str) -> str:
    return f'<path d="{shape}" fill="{fill}"/>'


def _portrait(rng: Random, title: str) -> str:
    ink, skin = rng.choice(_INKS), rng.choice(("#e2bf9f", "#c99a75", "#8f6244", "#f0d3b8"))
    hair = rng.choice(("#3a2a20", "#77716b", "#a8773d", "#d9d4cc"))
    style = rng.choice(
        (
            "M104 92 a36 38 0 0 1 72 0 l-4 -14 q-32 10 -60 -4 z",
            "M100 122 q-6 -74 40 -74 q46 0 40 74 l-10 0 q2 -42 -12 -50 q-22 12 -38 0 q-12 12 -10 50 z",
            "M106 86 q4 -36 34 -36 q34 0 35 36 q-14 -18 -34 -18 q-22 0 -35 18 z",
        )
    )
    return (
        f'{_ground(rng)}<ellipse cx="140" cy="100" rx="88" ry="94" fill="#fff" opacity=".55"/>'
        f"{_path('M66 200 q4 -58 74 -58 q70 0 74 58 z', ink)}"
        f'<rect x="128" y="124" width="24" height="28" rx="8" fill="{skin}"/>'
        f'<ellipse cx="140" cy="98" rx="32" ry="38" fill="{skin}"/>{_path(style, hair)}'
        f'<circle cx="128" cy="98" r="2.6" fill="#2a211b"/><circle cx="152" cy="98" r="2.6" fill="#2a211b"/>'
        f'<path d="M130 117 q10 7 20 0" stroke="#6b3f33" stroke-width="2" fill="none"/>'
        f"{_path('M120 146 l20 18 l20 -18 l8 6 l-28 34 l-28 -34 z', '#f6f2ea')}"
    )


def _mountain(rng: Random, title: str) -> str:
    top, side = rng.randint(110, 170), rng.randint(18, 40)
    return (
        '<rect width="280" height="200" fill="#d7e6ee"/><circle cx="222" cy="46" r="20" fill="#fff3cf"/>'
        f"{_path(f'M0 170 L{top - 70} 96 L{top + 110} 168 L280 120 L280 200 L0 200 z', '#9fb3ba')}"
        f"{_path(f'M20 200 L{top} 34 L{top + 120} 200 z', '#5c6f75')}"
        f"{_path(f'M{top} 34 L{top - side} 78 L{top - 8} 68 L{top + 4} 84 L{top + side} 76 z', '#fff')}"
        f"{_path('M0 178 q70 -26 150 0 t130 -4 L280 200 L0 200 z', '#3f5a48')}"
    )


def _landscape(rng: Random, title: str) -> str:
    trees = "".join(
        _path(f"M{x} {y} l-9 26 l18 0 z", rng.choice(("#2f5a44", "#44735a", "#5f8a4d")))
        for x, y in ((rng.randint(10, 270), rng.randint(110, 160)) for _ in range(34))
    )
    return (
        '<rect width="280" height="200" fill="#dfeaf0"/>'
        f"{_path('M0 118 q60 -50 130 -14 t150 -20 L280 200 L0 200 z', '#a9c3a0')}"
        f"{_path('M0 146 q90 -30 160 4 t120 -10 L280 200 L0 200 z', '#7ea377')}{trees}"
    )


def _water(rng: Random, title: str) -> str:
    waves = "".join(
        f'<path d="M{rng.randint(-20, 240)} {y} q10 -5 20 0 t20 0 t20 0" stroke="#fff" fill="none" opacity=".7"/>'
        for y in range(120, 196, 7)
    )
    return (
        '<rect width="280" height="200" fill="#e6eff2"/>'
        f"{_path('M0 104 q50 -46 120 -16 t160 -24 L280 130 L0 130 z', '#86a78b')}"
        f'<rect y="108" width="280" height="92" fill="{rng.choice(("#5d97b5", "#4f8ba8", "#6fa3b0"))}"/>{waves}'
    )


def _dish(rng: Random, title: str) -> str:
    bits = "".join(
        f'<ellipse cx="{rng.gauss(140, 30):.0f}" cy="{rng.gauss(100, 18):.0f}" '
        f'rx="{rng.randint(7, 18)}" ry="{rng.randint(5, 11)}" '
        f'fill="{rng.choice(("#b5562d", "#d9a441", "#7f9a4b", "#8c5a34", "#e6d3a3"))}"/>'
        for _ in range(34)
    )
    return (
        f'<rect width="280" height="200" fill="{rng.choice(("#7a5a41", "#40504d", "#93785a"))}"/>'
        '<ellipse cx="140" cy="106" rx="108" ry="80" fill="#0003"/>'
        '<ellipse cx="140" cy="100" rx="106" ry="78" fill="#faf9f4"/>'
        f'<ellipse cx="140" cy="100" rx="78" ry="54" fill="#ebe6da"/>{bits}'
    )


def _festival(rng: Random, title: str) -> str:
    ink = rng.choice(_INKS)
    flags = "".join(
        _path(
            f"M{x} {34 + abs(140 - x) / 14:.0f} l22 0 l-11 24 z",
            rng.choice(("#e0a23b", "#c4502e", "#4f8ba8", "#7ea377")),
        )
        for x in range(6, 270, 27)
    )
    first, _, rest = title.rpartition(" ")
    lines = "".join(
        f'<text x="140" y="{118 + 30 * row}" font-size="22" text-anchor="middle" fill="#fff">{escape(text)}</text>'
        for row, text in enumerate(part for part in (first, rest) if part)
    )
    cord = '<path d="M0 42 Q140 24 280 42" stroke="#fff" fill="none"/>'
    return f'<rect width="280" height="200" fill="{ink}"/>{cord}{flags}{lines}'


def _sign(rng: Random, title: str) -> str:
    initials = "".join(word[0] for word in title.split())[:3]
    return (
        f'{_ground(rng)}<rect x="60" y="36" width="160" height="128" rx="14" fill="{rng.choice(_INKS)}"/>'
        '<rect x="68" y="44" width="144" height="112" rx="10" fill="none" stroke="#fff" stroke-width="2"/>'
        f'<text x="140" y="118" font-size="54" text-anchor="middle" fill="#fff">{initials}</text>'
    )


def shirt(colors: str) -> str:
    """In the colors of a club, such as "navy and white"; one color alone has a white stripe."""
    one, two = [_CLUB_COLORS[color] for color in (*colors.lower().split(" and "), "white")][:2]
    return (
        f'<rect width="280" height="200" fill="{_GROUNDS[1]}"/>{_path(_shapes()["shirt"], one)}'
        f'{_path("M128 60 l24 0 l0 112 l-24 0 z", two)}<circle cx="166" cy="88" r="9" fill="#fff"/>'
    )


def _engraving(rng: Random, title: str) -> str:
    lines = "".join(
        f'<path d="M{rng.randint(0, 60)} {y} q{rng.randint(30, 120)} {rng.randint(-12, 12)} {rng.randint(150, 230)} 0" '
        f'stroke="#5b4a35" stroke-width="{rng.choice((0.6, 0.9, 1.3))}" fill="none"/>'
        for y in range(24, 190, 5)
    )
    houses = "".join(
        _path(f"M{x} 150 l0 -{height} l14 -14 l14 14 l0 {height} z", "#6d5a41")
        for x, height in ((x, rng.randint(18, 56)) for x in range(30, 230, 32))
    )
    return f'<rect width="280" height="200" fill="#efe4cd"/>{lines}{houses}'


def _animal(kind: str) -> Drawing:
    def draw(rng: Random, title: str) -> str:
        shape = _shapes()["animals"][kind]
        fill, belly = rng.choice(_COATS)
        x, y = shape["eye"]
        return (
            f'{_ground(rng)}<ellipse cx="140" cy="166" rx="92" ry="9" fill="#0002"/>{_path(shape["body"], fill)}'
            f'<ellipse cx="136" cy="128" rx="34" ry="15" fill="{belly}" opacity=".8"/>'
            f'<circle cx="{x}" cy="{y}" r="4" fill="#15191d"/>'
        )

    return draw


def _plant(rng: Random, title: str) -> str:
    green = rng.choice(("#4f7f4a", "#3c6e57", "#6c8f3d"))
    leaves = "".join(
        f'<ellipse transform="translate(140 172) rotate({turn})" cy="-{rng.randint(52, 92)}" rx="10" ry="46" '
        f'fill="{green}"/>'
        for turn in range(-70, 80, rng.choice((14, 20)))
    )
    flower = f'<circle cx="140" cy="46" r="14" fill="{rng.choice(("#b8a2d8", "#e9d28a", "#d98f9f", "#f4f1e4"))}"/>'
    return f"{_ground(rng)}{leaves}{flower}"


DRAWINGS: Mapping[str, Drawing] = {
    "portrait": _portrait,
    "mountain": _mountain,
    "landscape": _landscape,
    "water": _water,
    "dish": _dish,
    "festival": _festival,
    "sign": _sign,
    "engraving": _engraving,
    "plant": _plant,
    **{kind: _animal(kind) for kind in ("bird", "mammal", "breed", "fish", "insect")},
}
