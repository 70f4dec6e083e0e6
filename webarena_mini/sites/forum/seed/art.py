"""Scenes of the pictures of posts, drawn from a random number generator, with what stands in front of them."""

from collections.abc import Callable
from random import Random

from webarena_mini.sites.forum.domain.photos import Front

_WIDTH, _HEIGHT = 960, 600


def draw(scene: str, random: Random, front: Front) -> bytes:
    """SVG document; raises KeyError for a scene that there is not."""
    parts = SCENES[scene](random)
    attributes = " ".join(f'data-{name}="{value}"' for name, value in front._asdict().items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" {attributes}>{"".join(parts)}</svg>'
    ).encode()


def _rect(fill: str, x: float = 0, y: float = 0, width: float = _WIDTH, height: float = _HEIGHT) -> str:
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" fill="{fill}"/>'


def _circle(x: float, y: float, radius: float, fill: str) -> str:
    return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.1f}" fill="{fill}"/>'


def _ellipse(x: float, y: float, rx: float, ry: float, fill: str, turn: float = 0) -> str:
    turned = f' transform="rotate({turn:.0f} {x:.0f} {y:.0f})"' if turn else ""
    return f'<ellipse cx="{x:.0f}" cy="{y:.0f}" rx="{rx:.0f}" ry="{ry:.0f}" fill="{fill}"{turned}/>'


def _polygon(points: list[tuple[float, float]], fill: str) -> str:
    return f'<polygon points="{" ".join(f"{x:.0f},{y:.0f}" for x, y in points)}" fill="{fill}"/>'


def _ridge(random: Random, base: float, height: float, fill: str) -> str:
    points = [(0.0, base - random.uniform(0, height))]
    while points[-1][0] < _WIDTH:
        points.append((points[-1][0] + random.uniform(70, 170), base - random.uniform(0, height)))
    return _polygon([(0, _HEIGHT), *points, (_WIDTH, _HEIGHT)], fill)


def _mountains(random: Random) -> list[str]:
    sky, sun, shades = random.choice(
        (
            ("#f7d9b5", "#f2994a", ("#b7a0ae", "#8a7791", "#564b6b")),
            ("#cfe6f5", "#fff6d5", ("#9dbcd0", "#6d93ab", "#3d6178")),
            ("#dfeee0", "#ffe9a8", ("#a9c8b0", "#729c80", "#3f6b52")),
        )
    )
    parts = [_rect(sky), _circle(random.uniform(150, 810), random.uniform(110, 220), 58, sun)]
    parts += [_ridge(random, 330 + 80 * row, 190 - 45 * row, shade) for row, shade in enumerate(shades)]
    for _ in range(26):
        x, size = random.uniform(0, _WIDTH), random.uniform(40, 95)
        parts.append(_polygon([(x, 600 - size * 1.5), (x - size / 3, 600), (x + size / 3, 600)], "#2c4234"))
    return parts


def _night(random: Random) -> list[str]:
    parts = [_rect(random.choice(("#0e1630", "#131433", "#0b2038")))]
    for _ in range(140):
        fill = random.choice(("#ffffff", "#cfe0ff", "#ffe7c2"))
        parts.append(_circle(random.uniform(0, _WIDTH), random.uniform(0, 520), random.choice((0.8, 1.2, 1.9)), fill))
    x, y = random.uniform(300, 660), random.uniform(190, 330)
    hues = random.choice((("#7f5bd1", "#d15b9a"), ("#3f86c9", "#79d0c4"), ("#c9683f", "#e0b35a")))
    for _ in range(22):
        shape = random.gauss(x, 80), random.gauss(y, 40), random.uniform(40, 130), random.uniform(20, 60)
        parts.append(_ellipse(*shape, f"{random.choice(hues)}1c", random.uniform(-40, 40)))
    parts += [_circle(random.gauss(x, 45), random.gauss(y, 30), random.uniform(1.5, 4), "#ffffff") for _ in range(14)]
    return [*parts, _ridge(random, 560, 70, "#05080f")]


def _plate(random: Random) -> list[str]:
    table, cloth = random.choice((("#7a5a41", "#e7dccb"), ("#3f4d4a", "#d9e3dc"), ("#94795c", "#f2ece2")))
    parts = [_rect(table), _rect(cloth, 110, 0, 740, 600), _circle(480, 300, 236, "#00000022")]
    parts += [_circle(480, 292, 232, "#fbfaf6"), _circle(480, 292, 176, "#ece8df")]
    colors = random.sample(("#c4502e", "#e0a23b", "#7d9b4a", "#a86b3c", "#d8c28a", "#8b3a3a", "#5d7f3b"), 4)
    for _ in range(46):
        x, y = random.gauss(480, 66), random.gauss(292, 62)
        parts.append(
            _ellipse(x, y, random.uniform(14, 42), random.uniform(9, 22), random.choice(colors), random.uniform(0, 180))
        )
    return parts


def _plant(random: Random) -> list[str]:
    wall, pot = random.choice((("#e9efe6", "#c46f4a"), ("#f3e9dc", "#5f7d8c"), ("#e4e8f0", "#b08d57")))
    parts = [_rect(wall), _rect("#cbb79d", 0, 500, _WIDTH, 100)]
    green = random.choice(("#4f7f4a", "#3c6e57", "#6c8f3d"))
    for _ in range(random.randint(11, 19)):
        turn = random.uniform(-72, 72)
        reach = random.uniform(110, 200)
        parts.append(
            f'<g transform="translate(480 400) rotate({turn:.0f})">{_ellipse(0, -reach, 30, reach * 0.62, green)}'
            f"{_ellipse(-6, -reach, 8, reach * 0.5, '#ffffff22')}</g>"
        )
    return [
        *parts,
        _polygon([(385, 390), (575, 390), (548, 530), (412, 530)], pot),
        _rect("#00000018", 378, 384, 204, 26),
    ]


def _skyline(random: Random) -> list[str]:
    sky, near, far = random.choice((("#f3c9a5", "#3a3f58", "#8c7a8f"), ("#cfe2ef", "#33556b", "#86a5b8")))
    parts = [_rect(sky)]
    for shade, low, high in ((far, 180, 380), (near, 90, 290)):
        x = -20.0
        while x < _WIDTH:
            width, height = random.uniform(55, 120), random.uniform(low, high)
            parts.append(_rect(shade, x, 540 - height, width, height))
            if shade == near:
                parts += [
                    _rect("#ffdf8e", x + 12 + 22 * column, 560 - height + 30 * row, 9, 13)
                    for column in range(int((width - 14) // 22))
                    for row in range(int((height - 20) // 30))
                    if random.random() < 0.4
                ]
            x += width + random.uniform(0, 14)
    return [*parts, _rect("#5c8ba3", 0, 540, _WIDTH, 60)]


def _boards(random: Random) -> list[str]:
    parts = [_rect("#d8cfc2")]
    y = 60.0
    for _ in range(random.randint(4, 6)):
        height, tone = random.uniform(54, 92), random.choice(("#b07c4b", "#c39a67", "#8f5f38", "#a9713f"))
        parts.append(_rect(tone, 90, y, 780, height))
        for _ in range(5):
            line = y + random.uniform(8, height - 8)
            parts.append(
                f'<path d="M90 {line:.0f} Q {random.uniform(250, 700):.0f} {line + random.uniform(-14, 14):.0f} 870 '
                f'{line:.0f}" stroke="#00000026" fill="none" stroke-width="2"/>'
            )
        y += height + 6
    return parts


def _bird(random: Random) -> list[str]:
    sky, body = random.choice((("#dcebf2", "#5b7f95"), ("#e9efdd", "#a5653c"), ("#f2e8df", "#4e5b66")))
    parts = [_rect(sky)]
    for _ in range(18):
        parts.append(
            _ellipse(random.uniform(0, _WIDTH), random.uniform(0, 200), 60, 26, "#8fae7a66", random.uniform(-40, 40))
        )
    x, y = random.uniform(400, 560), 320
    parts += [
        _rect("#6b5140", 0, 430, _WIDTH, 20),
        _polygon([(x - 110, y + 30), (x - 230, y + 92), (x - 205, y + 46)], body),
        _ellipse(x, y + 20, 130, 84, body, -14),
        _circle(x + 104, y - 54, 54, body),
        _polygon([(x + 150, y - 62), (x + 204, y - 46), (x + 150, y - 36)], "#e2a33a"),
        _ellipse(x + 24, y + 46, 78, 44, random.choice(("#f4ede0", "#d9823b", "#e7d27c")), -14),
        _circle(x + 120, y - 64, 8, "#15191d"),
        _ellipse(x - 34, y + 6, 82, 36, "#00000030", 18),
    ]
    return [*parts, _rect("#3e3a34", x - 10, y + 96, 5, 20), _rect("#3e3a34", x + 26, y + 96, 5, 20)]


SCENES: dict[str, Callable[[Random], list[str]]] = {
    "bird": _bird,
    "boards": _boards,
    "mountains": _mountains,
    "night": _night,
    "plant": _plant,
    "plate": _plate,
    "skyline": _skyline,
}
