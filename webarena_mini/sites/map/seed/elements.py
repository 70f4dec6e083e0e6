"""The region as map elements: nodes, ways and relations with their tags."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from webarena_mini.region import Place, Point, Region, Street, Town
from webarena_mini.region.model import distance_km
from webarena_mini.sites.map.domain.kinds import kinds
from webarena_mini.sites.map.domain.roads import one_way_streets
from webarena_mini.sites.map.domain.roadstyle import ROADS

_MAX_SPEEDS = {"trunk": "90", "primary": "70", "secondary": "50", "residential": "30"}
_TOWN_RANK = {"city": 900, "town": 700, "village": 500}
_NO_PHONE = frozenset(
    {"park", "playground", "parking", "viewpoint", "bridge", "spring", "ruin", "windmill", "lighthouse", "cave", "hut"}
)
_ID_STEP = {"node": 7, "way": 13, "relation": 3}
_FIRST_ID = {"node": 4_210_400_101, "way": 318_220_040, "relation": 9_104_006}


@dataclass
class Element:
    """`kind` is a kind of place, or what else it is: town, street, water, railway, area, junction."""

    type: str
    name: str
    kind: str
    label: str
    display_name: str
    at: Point
    tags: dict[str, str]
    importance: int = 0
    town: str = ""
    words: str = ""
    parts: list[tuple["Element", str]] = field(default_factory=list)
    id: int = 0


def all_elements(land: Region) -> list[Element]:
    """Every element with its id; parts of a way or relation come before it."""
    maker = _Maker(land)
    found = [*maker.junctions, *maker.towns, *maker.places, *maker.streets, *maker.waters(), *maker.tracks]
    found += [*maker.districts(), *maker.town_areas(), *maker.lines(), *maker.roads()]
    counts: dict[str, int] = defaultdict(int)
    for element in found:
        element.id = _FIRST_ID[element.type] + counts[element.type] * _ID_STEP[element.type]
        counts[element.type] += 1
    return found


class _Maker:
    def __init__(self, land: Region) -> None:
        self._land = land
        self.junctions = [Element("node", "", "junction", "Crossing", "", at, {}) for at in land.nodes]
        self.towns = [self._town(town) for town in land.towns]
        self.places = [self._place(place) for place in land.places]
        self.streets = [self._street(street) for street in land.streets]
        self.tracks = [
            self._line("way", line.name, "railway", "Railway track", line.points, {"railway": "rail", "gauge": "1435"})
            for line in land.railways
        ]

    def _address(self, town: Town) -> str:
        return f"{town.name}, {town.district}, {town.postcode}, {self._land.name}"

    def _town(self, town: Town) -> Element:
        tags = {
            "name": town.name,
            "place": town.kind,
            "population": str(town.population),
            "ele": str(town.elevation_m),
            "is_in": f"{town.district}, {self._land.name}",
            "postal_code": town.postcode,
            "start_date": str(town.founded),
            "wikipedia": f"en:{town.name}",
        }
        rank = _TOWN_RANK[town.kind] + town.population // 2000
        return Element(
            "node", town.name, "town", town.kind.title(), self._address(town), town.at, tags, rank, town.name
        )

    def _place(self, place: Place) -> Element:
        town, street = self._land.towns[place.town - 1], self._land.streets[place.street - 1]
        kind = kinds()[place.kind]
        tags = {
            "name": place.name,
            kind.key: kind.value,
            "addr:housenumber": str(place.house_number),
            "addr:street": street.name,
            "addr:city": town.name,
            "addr:postcode": town.postcode,
            **_fact_tags(place),
            "phone": "" if place.kind in _NO_PHONE else place.phone,
            "wheelchair": "yes" if place.wheelchair else "limited",
        }
        if place.hours:
            tags["opening_hours"] = place.hours
        named = 60 if place.facts.get("opened") else 0
        words = " ".join((*kind.words, place.facts.get("cuisine", "")))
        where = f"{place.name}, {place.house_number}, {street.name}, {self._address(town)}"
        rank = named + town.population // 10_000
        tags = {key: value for key, value in tags.items() if value}
        return Element("node", place.name, place.kind, kind.label, where, place.at, tags, rank, town.name, words)

    def _street(self, street: Street) -> Element:
        land, middle = self._land, len(street.nodes) // 2
        one, other = land.nodes[street.nodes[middle - 1]], land.nodes[street.nodes[middle]]
        at = ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
        tags = {"name": street.name, "highway": street.kind}
        if street.ref:
            tags["ref"] = street.ref
        if street.kind in _MAX_SPEEDS:
            tags |= {"maxspeed": _MAX_SPEEDS[street.kind], "surface": "asphalt", "lit": "yes" if street.town else "no"}
        else:
            tags |= {
                "foot": "designated",
                "bicycle": "yes",
                "surface": "gravel" if street.kind == "path" else "paving_stones",
            }
        if street.id in one_way_streets():
            tags["oneway"] = "yes"
        if street.town:
            town = land.towns[street.town - 1]
            name, where, rank = town.name, f"{street.name}, {self._address(town)}", 20 + town.population // 20_000
        else:
            ends = " and ".join(_nearest_town(land, land.nodes[street.nodes[end]]).name for end in (0, -1))
            name, where, rank = "", f"{street.name}, between {ends}, {land.name}", 40
        parts = [(self.junctions[node], "") for node in street.nodes]
        label = ROADS[street.kind].label
        return Element("way", street.name, "street", label, where, at, tags, rank, name, street.ref, parts)

    def _line(
        self, type_: str, name: str, kind: str, label: str, points: tuple[Point, ...], tags: dict[str, str]
    ) -> Element:
        at = points[len(points) // 2]
        return Element(type_, name, kind, label, f"{name}, {self._land.name}", at, {"name": name, **tags}, 80)

    def waters(self) -> Iterator[Element]:
        tags = {
            "river": {"waterway": "river", "boat": "no"},
            "lake": {"natural": "water", "water": "lake"},
            "sea": {"place": "sea"},
        }
        for water in self._land.waters:
            element = self._line("way", water.name, "water", water.kind.title(), water.points, tags[water.kind])
            if water.kind == "lake":
                latitudes, longitudes = zip(*water.points, strict=True)
                element.at = (sum(latitudes) / len(latitudes), sum(longitudes) / len(longitudes))
            yield element

    def districts(self) -> Iterator[Element]:
        land = self._land
        for name in dict.fromkeys(town.district for town in land.towns):
            members = [town for town in land.towns if town.district == name]
            at = _middle([town.at for town in members])
            tags = {"name": name, "type": "boundary", "boundary": "administrative", "admin_level": "6"}
            tags["population"] = str(sum(town.population for town in members))
            parts = [(self.towns[town.id - 1], "label") for town in members]
            yield Element("relation", name, "area", "District", f"{name}, {land.name}", at, tags, 400, parts=parts)
        tags = {"name": land.name, "type": "boundary", "boundary": "administrative", "admin_level": "4"}
        tags["population"] = str(sum(town.population for town in land.towns))
        parts = [(town, "label") for town in self.towns]
        at = _middle([town.at for town in land.towns])
        yield Element("relation", land.name, "area", "Region", land.name, at, tags, 990, parts=parts)

    def town_areas(self) -> Iterator[Element]:
        """The town as an area, with its streets as members."""
        for town, node in zip(self._land.towns, self.towns, strict=True):
            streets = [way for way in self.streets if way.town == town.name]
            tags = {"name": town.name, "type": "boundary", "boundary": "administrative", "admin_level": "8"}
            tags |= {"area": f"{town.area_km2} km²", "postal_code": town.postcode, "wikipedia": f"en:{town.name}"}
            parts = [(node, "admin_centre"), *((way, "street") for way in streets)]
            where = f"{town.name} (municipality), {town.district}, {self._land.name}"
            name = f"{town.name} (municipality)"
            yield Element("relation", name, "area", "Municipality", where, town.at, tags, 300, town.name, parts=parts)

    def lines(self) -> Iterator[Element]:
        for line, track in zip(self._land.railways, self.tracks, strict=True):
            stops = [(self.places[station - 1], "stop") for station in line.stations]
            tags = {"name": line.name, "type": "route", "route": "train", "operator": "Halvern Railways"}
            tags |= {"from": stops[0][0].town, "to": stops[-1][0].town}
            where = f"{line.name} (train route), {self._land.name}"
            at, parts = track.at, [*stops, (track, "")]
            yield Element("relation", line.name, "railway", "Train route", where, at, tags, 90, parts=parts)

    def roads(self) -> Iterator[Element]:
        """Each numbered road, or trail, as a route of its ways."""
        between = [way for way in self.streets if not way.town]
        for name, group in groupby(between, key=lambda way: way.name):
            ways = list(group)
            trail = ways[0].tags["highway"] == "path"
            tags = {"name": name, "type": "route", "route": "hiking" if trail else "road"}
            if "ref" in ways[0].tags:
                tags["ref"] = ways[0].tags["ref"]
            where, label = f"{name} (route), {self._land.name}", "Trail" if trail else "Road route"
            parts = [(way, "") for way in ways]
            yield Element("relation", name, "area", label, where, ways[0].at, tags, 70, "", tags.get("ref", ""), parts)


def _fact_tags(place: Place) -> dict[str, str]:
    tags = dict(place.facts)
    if "opened" in tags:
        tags["start_date"] = tags.pop("opened")
    if "fee" in tags:
        price = tags.pop("fee")
        tags |= {"fee": "no"} if price.startswith("0 ") else {"fee": "yes", "charge": price}
    if "cuisine" in tags:
        tags["cuisine"] = tags["cuisine"].lower()
    return tags


def _nearest_town(land: Region, at: Point) -> Town:
    return min(land.towns, key=lambda town: distance_km(town.at, at))


def _middle(points: list[Point]) -> Point:
    return sum(point[0] for point in points) / len(points), sum(point[1] for point in points) / len(points)
