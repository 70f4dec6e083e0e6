"""Places with an address: the landmarks by name, and what every town has."""

import math
from collections.abc import Iterator
from random import Random
from typing import Any

from webarena_mini.region.geometry import Flat, to_point
from webarena_mini.region.model import Place, Street
from webarena_mini.region.streets import Network

HOUSE_KM = 0.012
OFF_STREET_KM = 0.014
_OUTSKIRTS = frozenset({"airport", "stadium", "fuel", "dam", "cave", "ruin", "viewpoint", "castle", "hut", "windmill"})
_STEPS = frozenset({"lighthouse", "ruin", "hut", "windmill", "cave", "viewpoint"})


def make_places(data: dict[str, Any], network: Network) -> tuple[Place, ...]:
    maker = _Maker(data, network)
    for town in data["towns"]:
        maker.fill(town)
    return tuple(maker.places)


class _Maker:
    """Collects the places of one region; a house number is given once in each street."""

    def __init__(self, data: dict[str, Any], network: Network) -> None:
        self._data = data
        self._network = network
        self._taken: set[tuple[str, int, int]] = set()
        self._stations = {name for line in data["railways"] for name in line["through"]}
        self.places: list[Place] = []

    def fill(self, town: dict[str, Any]) -> None:
        number = self._data["towns"].index(town) + 1
        rng = Random(f"halvern:places:{town['name']}")
        streets = [street for street in self._network.streets if street.town == number]
        for kind, name, opened in self._data["landmarks"][town["name"]]:
            self._add(town, number, kind, name, rng, streets, {"opened": str(opened)})
        for kind in self._wanted(town):
            self._add(town, number, kind, "", rng, streets, {})

    def _wanted(self, town: dict[str, Any]) -> Iterator[str]:
        size = ("village", "town", "city").index(town["kind"])
        if town["name"] in self._stations:
            yield "station"
        for kind, counts in self._data["counts"].items():
            more = town["name"] in self._data["extra"].get(kind, ())
            yield from [kind] * (counts[size] + more)

    def _add(
        self,
        town: dict[str, Any],
        number: int,
        kind: str,
        name: str,
        rng: Random,
        streets: list[Street],
        facts: dict[str, str],
    ) -> None:
        street, house_number, at, node = self._spot(town, kind, rng, streets)
        hours = self._data["hours"].get(kind)
        facts = facts | self._facts(kind, rng)
        name = name or self._name(kind, town["name"], number, street.name, rng)
        self.places.append(
            Place(
                id=len(self.places) + 1,
                name=name,
                kind=kind,
                town=number,
                street=street.id,
                house_number=house_number,
                at=to_point(at, self._data["region"]["origin"]),
                node=node,
                hours=rng.choice(hours) if hours else "",
                phone=f"{town['postcode'][1:]}-555-{100 + len(self.places) % 100:04}",
                wheelchair=kind not in _STEPS and rng.random() < 0.8,
                facts=facts | self._data["named"].get(name, {}),
            )
        )

    def _spot(
        self, town: dict[str, Any], kind: str, rng: Random, streets: list[Street]
    ) -> tuple[Street, int, Flat, int]:
        """A free house number, near the centre or, for some kinds, at the edge of the town."""
        flat, centre = self._network.flat, (town["at"][0], town["at"][1])
        sides = [(street, index) for street in streets for index in range(len(street.nodes) - 1)]
        sides.sort(key=lambda side: math.dist(flat[side[0].nodes[side[1]]], centre))
        cut = len(sides) * 2 // 3
        while True:
            street, index = rng.choice(sides[cut:] if kind in _OUTSKIRTS else sides[:cut])
            one, other = street.nodes[index], street.nodes[index + 1]
            part, side = rng.uniform(0.12, 0.88), rng.choice((-1, 1))
            before = sum(
                math.dist(flat[a], flat[b]) for a, b in zip(street.nodes[:index], street.nodes[1:], strict=False)
            )
            length = math.dist(flat[one], flat[other])
            house_number = 2 * round((before + length * part) / HOUSE_KM) + (side > 0) + 1
            if (street.name, street.town, house_number) not in self._taken:
                break
        self._taken.add((street.name, street.town or 0, house_number))
        along = ((flat[other][0] - flat[one][0]) / length, (flat[other][1] - flat[one][1]) / length)
        at = (
            flat[one][0] + along[0] * length * part - along[1] * side * OFF_STREET_KM,
            flat[one][1] + along[1] * length * part + along[0] * side * OFF_STREET_KM,
        )
        return street, house_number, at, one if part < 0.5 else other

    def _name(self, kind: str, town: str, number: int, street: str, rng: Random) -> str:
        """A name that its town does not have yet."""
        used = {place.name for place in self.places if place.town == number}
        patterns: list[str] = [pattern.format(town=town, street=street) for pattern in self._data["patterns"][kind]]
        free = [name for name in patterns if name not in used]
        if kind in ("townhall", "station", "post_office", "library", "hospital", "police"):
            return free[0]
        return rng.choice(free)

    def _facts(self, kind: str, rng: Random) -> dict[str, str]:
        match kind:
            case "restaurant":
                return {"cuisine": rng.choice(self._data["streets"]["cuisines"])}
            case "hotel":
                return {"stars": str(rng.choice((2, 3, 3, 4, 4, 5))), "rooms": str(rng.randint(9, 140))}
            case "museum":
                return {"fee": f"{rng.choice((0, 4, 5, 6, 8, 9, 12))} crowns"}
            case "parking":
                return {"capacity": str(rng.randint(4, 48) * 10)}
            case _:
                return {}
