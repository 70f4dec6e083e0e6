"""The shop's written content: categories, the attribute grammar of each shelf, product drawings and tones."""

import functools
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from webarena_mini.kit.records import Record, read_yaml
from webarena_mini.sites.shop import FOLDER


class ChoiceRule(Record):
    """What a customer chooses before buying, such as a size."""

    label: str
    choices: tuple[str, ...]


class Wording(Record):
    """Sentences that take the place of those of the shelf, by their position there."""

    option: str | None = None
    pitch: dict[int, str] = Field(default_factory=dict)
    praise: dict[int, str] = Field(default_factory=dict)
    gripe: dict[int, str] = Field(default_factory=dict)
    mentions: dict[int, str] = Field(default_factory=dict)


class Shelf(Record):
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
    only: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)
    price_levels: tuple[float, ...]
    colours: tuple[str, ...]
    named: str
    specs: dict[str, tuple[str, ...]]
    option: ChoiceRule | None = None
    pitch: tuple[str, ...]
    praise: tuple[str, ...]
    gripe: tuple[str, ...]
    mentions: tuple[str, ...]
    colour_label: str = "Color"
    clashes: frozenset[tuple[int, int]] = frozenset()
    worded: dict[str, Wording] = Field(default_factory=dict)

    def of_kind(self, kind: str) -> "Shelf":
        """This shelf as it speaks of one kind of product."""
        wording = self.worded.get(kind)
        if wording is None:
            return self
        option = self.option and self.option.model_copy(update={"label": wording.option or self.option.label})
        texts = {
            name: tuple(getattr(wording, name).get(at, text) for at, text in enumerate(getattr(self, name)))
            for name in ("pitch", "praise", "gripe", "mentions")
        }
        return self.model_copy(update={"option": option, **texts})


class Category(Record):
    slug: str
    name: str
    tint: str
    blurb: str
    brands: tuple[str, ...]
    shelves: tuple[Shelf, ...]


class InfoTable(Record):
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class InfoPage(Record):
    """A page of text, such as delivery terms; each section is a heading and its paragraphs and tables."""

    title: str
    sections: dict[str, tuple[str | InfoTable, ...]]


@functools.cache
def categories() -> tuple[Category, ...]:
    return tuple(
        Category.model_validate(read_yaml(path)) for path in sorted((FOLDER / "data" / "catalogue").glob("*.yaml"))
    )


@functools.cache
def pictures() -> Mapping[str, Mapping[str, Any]]:
    """`tones` (colour name to hex), `shapes` (name to SVG with $a, $b and $c for the tones) and their `labels`."""
    loaded: Mapping[str, Mapping[str, Any]] = read_yaml(FOLDER / "data" / "pictures.yaml")
    return loaded


@functools.cache
def info_pages() -> Mapping[str, InfoPage]:
    return {
        slug: InfoPage.model_validate(page) for slug, page in read_yaml(FOLDER / "data" / "info_pages.yaml").items()
    }


@functools.cache
def phrases() -> Mapping[str, Any]:
    """Wording that all shelves share: review openers and closers by stars, people, places, shop terms."""
    loaded: Mapping[str, Any] = read_yaml(FOLDER / "data" / "phrases.yaml")
    return loaded
