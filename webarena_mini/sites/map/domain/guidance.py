"""A route in words: one instruction for every street, with the turn that leads into it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from webarena_mini.region import Point
from webarena_mini.sites.map.domain.geo import bearing, compass
from webarena_mini.sites.map.domain.router import Route, Stretch

_TURNS = (
    (20, "straight", "Go straight on onto"),
    (60, "slight right", "Bear right onto"),
    (120, "right", "Turn right onto"),
    (165, "sharp right", "Turn sharp right onto"),
    (195, "uturn", "Make a U-turn onto"),
    (240, "sharp left", "Turn sharp left onto"),
    (300, "left", "Turn left onto"),
    (340, "slight left", "Bear left onto"),
    (361, "straight", "Go straight on onto"),
)


@dataclass(frozen=True)
class Step:
    """`kind` is depart, arrive or the kind of turn; the length is that of the street that follows."""

    kind: str
    text: str
    street: str
    at: Point
    length_m: float
    seconds: float


def steps_of(route: Route) -> list[Step]:
    return [*_on_the_way(route), _arrival(route)]


def _on_the_way(route: Route) -> Iterator[Step]:
    before: Stretch | None = None
    for name, group in groupby(route.stretches, key=_street_name):
        stretches = list(group)
        first = stretches[0]
        if before is None:
            kind, text = "depart", f"Start on {name}, heading {compass(bearing(*first.points))}"
        else:
            kind, words = _turn(bearing(*before.points), bearing(*first.points))
            text = f"{words} {name}"
        length_m, seconds = sum(piece.length_m for piece in stretches), sum(piece.seconds for piece in stretches)
        yield Step(kind, text, name, first.points[0], length_m, seconds)
        before = stretches[-1]


def _street_name(stretch: Stretch) -> str:
    street = stretch.edge.street
    return f"{street.name} ({street.ref})" if street.ref else street.name


def _turn(before: float, after: float) -> tuple[str, str]:
    angle = (after - before) % 360
    return next((kind, words) for limit, kind, words in _TURNS if angle < limit)


def _arrival(route: Route) -> Step:
    last = route.stretches[-1]
    return Step("arrive", "You have arrived at your destination", _street_name(last), last.points[1], 0.0, 0.0)
