"""From words to places: names, addresses, kinds of places, "near" and "in" queries, coordinates; and back."""

import re
import sqlite3
from dataclasses import dataclass, replace

from webarena_mini.kit.database import Database
from webarena_mini.region import Point
from webarena_mini.region.model import distance_km
from webarena_mini.sites.map.domain.elements import (
    COLUMNS,
    Spot,
    at_point,
    bare_spot,
    by_distance,
    places_around,
    spot,
    spots,
)
from webarena_mini.sites.map.domain.geo import parse_point
from webarena_mini.sites.map.domain.kinds import phrases
from webarena_mini.sites.map.domain.narrowing import narrowed
from webarena_mini.sites.map.domain.roads import edges, profile_of
from webarena_mini.sites.map.domain.router import NoRoute, snap

NEAR_KM = 8.0
_MAX_QUERY = 200
_MAX_FOUND = 400
_FEW, _AROUND_COUNT = 3, 40
_AROUND = re.compile(r"(?:places |what is |what's )?(?:near|nearby|around|close to|next to) (.+)")
_SHORT = {"st": "street", "rd": "road", "ave": "avenue", "ln": "lane", "sq": "square", "mt": "mount"}
_SPLIT = re.compile(r"\s+(near|nearby|around|close to|next to|closest to|nearest to|in|at|by|to|from|of)\s+")
_FILLER = re.compile(r"^(?:(?:find|show|me|the|a|an|all|any|closest|nearest|nearby)\s+)+")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Found:
    """`origin` is the place that distances count from; `kind` the kind of place that the words asked for."""

    spots: list[Spot]
    kind: str = ""
    origin: Spot | None = None


def search(database: Database, query: str) -> Found:
    """Everything that fits a query, best first."""
    query = " ".join(query.split())[:_MAX_QUERY]
    point = parse_point(query)
    if point is not None:
        return Found(reverse(database, point))
    words = _FILLER.sub("", query.lower())
    found = _by_name_exactly(database, query) or _around(database, query.lower()) or _by_kind(database, words)
    if found is None or not found.spots:
        texts = (query, _in_full(query))
        worded = next((spots for spots in (_by_words(database, text) for text in texts) if spots), [])
        found = Found(worded) if worded or found is None else found
    return found


def _in_full(query: str) -> str:
    return " ".join(_SHORT.get(word.lower().rstrip(".,"), word) for word in query.split())


def geocode(database: Database, text: str) -> Spot | None:
    """The one place that a text most likely means."""
    point = parse_point(text)
    if point is not None:
        return at_point(database, point) or bare_spot(point)
    row = database.one(f"select {COLUMNS} from element e where e.display_name = ? collate nocase", text.strip())
    if row is not None:
        return spots([row])[0]
    found = search(database, text).spots
    return found[0] if found else None


def reverse(database: Database, at: Point) -> list[Spot]:
    """The nearest place, street and town, where there are any near."""
    place = places_around(database, at, 1)
    town = by_distance(database.all(f"select {COLUMNS} from element e where e.kind = 'town'"), at)
    found = [*place, *_street_at(database, at), town[0]]
    return [one for one in found if (one.distance_m or 0.0) <= NEAR_KM * 1000]


def _street_at(database: Database, at: Point) -> list[Spot]:
    try:
        nearest = snap(at, profile_of("foot"))
    except NoRoute:
        return []
    # Ways of kind street stand in the order of the region's streets.
    row = database.one(
        f"select {COLUMNS} from element e where e.kind = 'street' order by e.key limit 1 offset ?",
        edges()[nearest.edge].street.id - 1,
    )
    return [] if row is None else [replace(spot(row), distance_m=nearest.distance_m)]


def _by_name_exactly(database: Database, query: str) -> Found | None:
    """Places whose whole name was typed come before what else the words could mean."""
    rows = database.all(
        f"select {COLUMNS} from element e where e.name = ? collate nocase order by e.importance desc, e.key", query
    )
    if not rows:
        return None
    exact = spots(rows)
    seen = {one.key for one in exact}
    return Found([*exact, *(one for one in _by_words(database, query) if one.key not in seen)])


def _by_kind(database: Database, words: str) -> Found | None:
    """ "museums", "italian restaurants in Quillbury", "pharmacy near Lantern Theatre", "cafés Port Alder"."""
    whole = _kind_of(words)
    if whole:
        return Found(_of_kind(database, *whole), whole[0])
    for match in _SPLIT.finditer(words):
        kind, place = _kind_of(words[: match.start()]), words[match.end() :]
        if kind:
            return _kind_at(database, kind, place, inside=match[1] in ("in", "of"))
    return _kind_beside_town(database, words)


def _kind_at(database: Database, kind: tuple[str, str], place: str, *, inside: bool) -> Found | None:
    origin = geocode(database, _FILLER.sub("", place))
    if origin is None:
        return None
    found = by_distance(_rows_of_kind(database, *kind), origin.at)
    if inside and origin.kind == "town":
        return Found([one for one in found if one.town == origin.town], kind[0], origin)
    if inside and origin.kind == "area":
        area = f", {origin.name},"
        return Found([one for one in _of_kind(database, *kind) if area in f"{one.display_name},"], kind[0])
    others = [one for one in found if one.key != origin.key]
    near = [one for one in others if distance_km(one.at, origin.at) <= NEAR_KM]
    return Found(near or others[:_FEW], kind[0], origin)


def _around(database: Database, words: str) -> Found | None:
    """ "near Lantern Theatre": places of any kind."""
    asked = _AROUND.fullmatch(words)
    origin = geocode(database, asked[1]) if asked else None
    return Found(places_around(database, origin.at, _AROUND_COUNT, besides=origin.key), "", origin) if origin else None


def _kind_beside_town(database: Database, words: str) -> Found | None:
    parts = [part for part in re.split(r"[\s,]+", words) if part]
    for cut in range(1, len(parts)):
        for kind_words, town in ((parts[:cut], parts[cut:]), (parts[cut:], parts[:cut])):
            kind = _kind_of(" ".join(kind_words))
            known = "select name from element where kind = 'town' and name = ? collate nocase"
            name = database.value(known, " ".join(town))
            if kind and name:
                return _kind_at(database, kind, name, inside=True)
    return None


def _kind_of(words: str) -> tuple[str, str] | None:
    """A kind of place, and the words before it that narrow it down ("italian" restaurants)."""
    parts = _FILLER.sub("", words.strip(" ,.?!")).split()
    for start in range(len(parts)):
        kind = phrases().get(" ".join(parts[start:]))
        if kind and start <= 2:
            return kind, " ".join(parts[:start])
    return None


def _rows_of_kind(database: Database, kind: str, narrower: str) -> list[sqlite3.Row]:
    rows = database.all(f"select {COLUMNS}, e.tags from element e where e.kind = ? order by e.key", kind)
    return narrowed(rows, narrower)


def _of_kind(database: Database, kind: str, narrower: str) -> list[Spot]:
    found = spots(_rows_of_kind(database, kind, narrower))
    return sorted(found, key=lambda one: (-one.importance, one.name, one.key))


def _by_words(database: Database, query: str) -> list[Spot]:
    """Elements with all of the words; where no place has the house number, its street."""
    words = _WORD.findall(query.lower())[:12]
    while words:
        found = _matching(database, words)
        if found or not any(word.isdigit() for word in words):
            return found
        words = [word for word in words if not word.isdigit()]
    return []


def _matching(database: Database, words: list[str]) -> list[Spot]:
    terms = " ".join([*(f'"{word}"' for word in words[:-1]), f'"{words[-1]}"*'])
    rows = database.all(
        f"select {COLUMNS} from element_search s join element e on e.key = s.rowid where element_search match ?"
        " order by bm25(element_search, 8.0, 2.0, 1.0), e.key limit ?",
        terms,
        _MAX_FOUND,
    )
    wanted = set(words)
    order = {row["key"]: position for position, row in enumerate(rows)}

    def rank(one: Spot) -> tuple[bool, bool, int, int]:
        name = set(_WORD.findall(one.name.lower()))
        return not wanted <= name, not name <= wanted, -one.importance, order[one.key]

    return sorted(spots(rows), key=rank)
