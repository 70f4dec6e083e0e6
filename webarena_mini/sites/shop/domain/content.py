"""The shop's written content: categories, the attribute grammar of each shelf, product drawings and tones."""

import functools
from collections.abc import Mapping
from typing import Any

import msgspec

from webarena_mini.kit.records import Record, read_record, read_yaml
from webarena_mini.sites.shop import FOLDER


class ChoiceRule(Record, frozen=True):
    """What a customer chooses before buying, such as a size."""

    label: str
    choices: tuple[str, ...]


class Wording(Record, frozen=True):
    """Sentences that take the place of those of the shelf, by their position there."""

    option: str | None = None
    pitch: dict[int, str] = msgspec.field(default_factory=dict)
    praise: dict[int, str] = msgspec.field(default_factory=dict)
    gripe: dict[int, str] = msgspec.field(default_factory=dict)
    mentions: dict[int, str] = msgspec.field(default_factory=dict)


class Shelf(Record, frozen=True):
    """A sub-category and how its products, descriptions and reviews are worded.

    `kinds` maps a kind of product to its drawing, `only` narrows `specs` for some kinds, `named` is the attribute
    that is part of the product's name, `price` is a range in dollars, `price_levels` is where each kind lies in it.
    `clashes` are positions of a praise and a gripe that nobody would say in one breath. `worded` is what is said
    differently of some kinds.
    """

    slug: str
    name: str
    price: tuple[int, int]
    lines: tuple[str, ...]
    kinds: dict[str, str]
    price_levels: tuple[float, ...]
    colours: tuple[str, ...]
    named: str
    specs: dict[str, tuple[str, ...]]
    pitch: tuple[str, ...]
    praise: tuple[str, ...]
    gripe: tuple[str, ...]
    mentions: tuple[str, ...]
    option: ChoiceRule | None = None
    only: dict[str, dict[str, tuple[str, ...]]] = msgspec.field(default_factory=dict)
    colour_label: str = "Color"
    clashes: frozenset[tuple[int, int]] = frozenset()
    worded: dict[str, Wording] = msgspec.field(default_factory=dict)

    def of_kind(self, kind: str) -> "Shelf":
        """This shelf as it speaks of one kind of product."""
        wording = self.worded.get(kind)
        if wording is None:
            return self
        option = self.option and msgspec.structs.replace(self.option, label=wording.option or self.option.label)
        texts = {
            name: tuple(getattr(wording, name).get(at, text) for at, text in enumerate(getattr(self, name)))
            for name in ("pitch", "praise", "gripe", "mentions")
        }
        return msgspec.structs.replace(self, option=option, **texts)


class Category(Record, frozen=True):
    slug: str
    name: str
    tint: str
    blurb: str
    brands: tuple[str, ...]
    shelves: tuple[Shelf, ...]


class InfoTable(Record, frozen=True):
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class InfoPage(Record, frozen=True):
    """A page of text, such as delivery terms; each section is a heading and its paragraphs and tables."""

    title: str
    sections: dict[str, tuple[str | InfoTable, ...]]


@functools.cache
def categories() -> tuple[Category, ...]:
    return tuple(read_record(path, Category) for path in sorted((FOLDER / "data" / "catalogue").glob("*.yaml")))


@functools.cache
def pictures() -> Mapping[str, Mapping[str, Any]]:
    """`tones` (colour name to hex), `shapes` (name to SVG with $a, $b and $c for the tones) and their `labels`."""
    loaded: Mapping[str, Mapping[str, Any]] = read_yaml(FOLDER / "data" / "pictures.yaml")
    return loaded


@functools.cache
def info_pages() -> Mapping[str, InfoPage]:
    return read_record(FOLDER / "data" / "info_pages.yaml", dict[str, InfoPage])


@functools.cache
def phrases() -> Mapping[str, Any]:
    """Wording that all shelves share: review openers and closers by stars, people, places, shop terms."""
    loaded: Mapping[str, Any] = read_yaml(FOLDER / "data" / "phrases.yaml")
    return loaded
