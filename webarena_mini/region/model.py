"""What the region consists of. A point is (latitude, longitude) in degrees; a node is an index into `Region.nodes`."""

import math
from dataclasses import dataclass, field

Point = tuple[float, float]

KM_PER_DEGREE = 111.195


@dataclass(frozen=True)
class Town:
    """`size` is the number of blocks across; `district` one of the four districts of the region."""

    id: int
    name: str
    kind: str
    district: str
    at: Point
    size: int
    population: int
    elevation_m: int
    area_km2: float
    founded: int
    postcode: str
    river: str
    mayor: str
    known_for: str


@dataclass(frozen=True)
class Street:
    """A named way along nodes. Ways that share a node meet there.

    `kind`: trunk and primary (between towns), secondary (main street of a town), residential, pedestrian (no cars),
    path (no cars, between towns). `town` is None outside towns; `ref` is the road number, "" in most streets.
    """

    id: int
    name: str
    kind: str
    nodes: tuple[int, ...]
    town: int | None
    ref: str = ""


@dataclass(frozen=True)
class Place:
    """A point of interest; `node` is the nearest node of its street. `facts` are tags such as cuisine or stars."""

    id: int
    name: str
    kind: str
    town: int
    street: int
    house_number: int
    at: Point
    node: int
    hours: str = ""
    phone: str = ""
    wheelchair: bool = True
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Water:
    """kind river: a line from source to mouth; lake and sea: a ring."""

    name: str
    kind: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Railway:
    """`stations` are ids of places of kind station, in order; `points` is the track."""

    name: str
    stations: tuple[int, ...]
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Region:
    """Ids of towns, streets and places are their positions in the tuples plus one."""

    name: str
    nodes: tuple[Point, ...]
    towns: tuple[Town, ...]
    streets: tuple[Street, ...]
    places: tuple[Place, ...]
    waters: tuple[Water, ...]
    railways: tuple[Railway, ...]

    def town(self, name: str) -> Town:
        return next(town for town in self.towns if town.name == name)

    def place(self, name: str) -> Place:
        """The first place of that name; chains such as bakeries repeat names from town to town."""
        return next(place for place in self.places if place.name == name)

    def address(self, place: Place) -> str:
        """ "12 Quay Street, Port Alder 4101"."""
        town = self.towns[place.town - 1]
        return f"{place.house_number} {self.streets[place.street - 1].name}, {town.name} {town.postcode}"


def distance_km(one: Point, other: Point) -> float:
    """Great-circle distance, by the equirectangular approximation (good to a metre within the region)."""
    middle = math.radians((one[0] + other[0]) / 2)
    north = (other[0] - one[0]) * KM_PER_DEGREE
    east = (other[1] - one[1]) * KM_PER_DEGREE * math.cos(middle)
    return math.hypot(north, east)
