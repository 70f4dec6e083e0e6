"""The story of the map: mappers, their changesets, and earlier versions of elements."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from webarena_mini.kit.clock import BEGIN
from webarena_mini.sites.map import FOLDER
from webarena_mini.sites.map.seed.elements import Element

_FIRST_CHANGESET = 102_400_310
_DAYS = 1400
_BATCH = 9
_MAX_VERSION = 4


@dataclass(frozen=True)
class Changeset:
    id: int
    mapper: int
    comment: str
    tool: str
    opened_at: datetime
    closed_at: datetime


@dataclass(frozen=True)
class Revision:
    """One version of an element, by its position in the list of elements."""

    element: int
    version: int
    changeset: int
    tags: dict[str, str]


@dataclass(frozen=True)
class Story:
    mappers: list[tuple[str, datetime, str]]
    changesets: list[Changeset]
    revisions: list[Revision]


def tell(elements: Sequence[Element]) -> Story:
    """Elements are edited in batches of one town and subject, several times over the years."""
    rng = Random("halvern:mapping")
    words = tomllib.loads((FOLDER / "data" / "mapping.toml").read_text("utf-8"))
    towns = sorted({element.town for element in elements if element.town})
    mappers = [_mapper(name, words["about"], towns, rng) for name in words["mappers"]]
    batches = list(_batches(elements, rng))
    rng.shuffle(batches)
    span_min = _DAYS * 1440 // len(batches)
    changesets, revisions = [], []
    version = dict.fromkeys(range(len(elements)), 0)
    for number, (subject, town, members) in enumerate(batches):
        opened = BEGIN - timedelta(minutes=(len(batches) - number) * span_min - rng.randrange(span_min // 2))
        minutes = rng.randint(4, 70)
        comment = rng.choice(words["comments"][subject]).format(town=town)
        made = Changeset(
            _FIRST_CHANGESET + number * 61 + rng.randrange(60),
            rng.randint(1, len(mappers)),
            comment,
            rng.choice(words["tools"]),
            opened,
            min(opened + timedelta(minutes=minutes), BEGIN),
        )
        changesets.append(made)
        for index in members:
            version[index] += 1
            revisions.append(Revision(index, version[index], made.id, elements[index].tags))
    return Story(mappers, changesets, _with_older_tags(revisions, version, words["older"]["missing"]))


def _mapper(name: str, about: list[str], towns: list[str], rng: Random) -> tuple[str, datetime, str]:
    joined = BEGIN - timedelta(days=rng.randint(_DAYS, _DAYS + 1200))
    return name, joined, rng.choice(about).format(town=rng.choice(towns))


def _batches(elements: Sequence[Element], rng: Random) -> Iterator[tuple[str, str, list[int]]]:
    """Subject, town and the elements that are edited together."""
    groups: dict[tuple[str, str], list[int]] = {}
    for index, element in enumerate(elements):
        if element.kind == "junction":
            continue
        subject = "street" if element.kind == "street" else "place" if element.town else "other"
        groups.setdefault((subject, element.town), []).append(index)
    for (subject, town), members in groups.items():
        subject = subject if town else "other"
        for _ in range(_MAX_VERSION):
            edited = [index for index in members if rng.random() < 0.6]
            rng.shuffle(edited)
            for start in range(0, len(edited), _BATCH):
                yield subject, town, sorted(edited[start : start + _BATCH])
        yield subject, town, members


def _with_older_tags(revisions: list[Revision], last: dict[int, int], missing: list[str]) -> list[Revision]:
    """The further back a version is, the fewer of the later tags it has."""
    told = []
    for revision in revisions:
        behind = last[revision.element] - revision.version
        lacking = set(missing[: behind * 3])
        tags = {key: value for key, value in revision.tags.items() if key not in lacking}
        told.append(Revision(revision.element, revision.version, revision.changeset, tags))
    return told
