"""Numbers of an article: the same wherever they are needed, since each comes from a generator named after it."""

from functools import cache
from random import Random

from webarena_mini.region import Region, Town
from webarena_mini.region.model import distance_km
from webarena_mini.sites.wiki.seed.model import Entry, Table
from webarena_mini.sites.wiki.seed.words import number, somebody, words

LAST_YEAR = 2022
CENSUSES = tuple(range(1850, 2021, 10))
# Visits fell in these years, when everything was closed for months.
_CLOSED = {2020: 0.31, 2021: 0.58}


@cache
def visitors(name: str, since: int, base: int) -> tuple[tuple[int, int], ...]:
    """Visitors a year, of at most the last fifteen years."""
    rng = Random(f"wiki:visitors:{name}")
    first = max(since, LAST_YEAR - 14)
    growth = rng.uniform(0.97, 1.03)
    return tuple(
        (year, round(base * growth ** (year - LAST_YEAR) * rng.uniform(0.86, 1.16) * _CLOSED.get(year, 1)))
        for year in range(first, LAST_YEAR + 1)
    )


def visitor_table(counted: tuple[tuple[int, int], ...], what: str = "Visitors") -> Table:
    rows = [
        (str(year), number(count), _change(count, counted[index - 1][1] if index else None))
        for index, (year, count) in enumerate(counted)
    ]
    return Table(f"{what} by year", ("Year", what, "Change"), tuple(rows))


def _change(now: int, before: int | None) -> str:
    return "–" if not before else f"{(now - before) / before * 100:+.1f} %"


def museum_visitors(entry: Entry) -> tuple[tuple[int, int], ...]:
    base = Random(f"wiki:base:{entry.name}").randint(14, 190) * 1000
    return visitors(entry.name, entry.facts["opened"], base)


@cache
def population(town: Town) -> tuple[tuple[int, int], ...]:
    """Inhabitants at each census; the last one is the number that the town has now."""
    rng = Random(f"wiki:population:{town.name}")
    counts, count = [town.population], float(town.population)
    for _ in CENSUSES[1:]:
        count /= rng.uniform(0.985, 1.16)
        counts.append(round(count))
    return tuple(zip(CENSUSES, reversed(counts), strict=True))


def population_table(town: Town) -> Table:
    counted = population(town)
    rows = [
        (str(year), number(count), _change(count, counted[index - 1][1] if index else None))
        for index, (year, count) in enumerate(counted)
    ]
    return Table("Population by census", ("Year", "Inhabitants", "Change"), tuple(rows))


@cache
def climate(town: Town) -> tuple[tuple[str, float, int, int], ...]:
    """Month, mean temperature in degrees Celsius, rain in millimeters, hours of sun."""
    rng = Random(f"wiki:climate:{town.name}")
    shape = (-8.6, -7.9, -4.4, 0.1, 4.6, 7.9, 9.8, 9.3, 5.9, 1.2, -3.7, -7.2)
    mean = 10.4 - town.elevation_m / 165
    return tuple(
        (
            month,
            round(mean + swing + rng.uniform(-0.5, 0.5), 1),
            round((62 + town.elevation_m / 16 + rng.uniform(-18, 22)) * (1.25 if month[0] in "OND" else 0.95)),
            round((swing + 11.5) * 11 + rng.uniform(0, 20)),
        )
        for month, swing in zip(words("months"), shape, strict=True)
    )


def climate_table(town: Town) -> Table:
    rows = tuple((month, f"{mean:.1f}", f"{rain}", f"{sun}") for month, mean, rain, sun in climate(town))
    head = ("Month", "Mean temperature (°C)", "Rain (mm)", "Sunshine (hours)")
    return Table(f"Climate of {town.name}", head, rows)


def terms(rng: Random, since: int, until: int, *, longest: int) -> list[tuple[str, int, int]]:
    """People who held an office one after another; the last one still does."""
    held, year = [], since
    while year < until:
        end = year + rng.randint(4, longest)
        held.append((somebody(rng), year, min(end, until)))
        year = end
    return held


def terms_table(caption: str, office: str, held: list[tuple[str, int, int]]) -> Table:
    rows = []
    for index, (name, start, end) in enumerate(held):
        last = index == len(held) - 1
        rows.append((str(index + 1), name, str(start), "present" if last else str(end), str(end - start)))
    return Table(caption, ("No.", office, "From", "To", "Years"), tuple(rows))


def neighbors(land: Region, town: Town) -> list[tuple[Town, float]]:
    """The other towns, the nearest first, with the distance in kilometers."""
    others = [(other, distance_km(town.at, other.at)) for other in land.towns if other != town]
    return sorted(others, key=lambda pair: pair[1])
