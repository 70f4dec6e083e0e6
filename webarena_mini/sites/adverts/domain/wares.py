"""What is offered, and the words of who offers it."""

from functools import cache
from typing import Any, NamedTuple

from webarena_mini.kit.records import read_yaml
from webarena_mini.sites.adverts import FOLDER


class Ware(NamedTuple):
    """`lowest` and `highest` are dollars; up to `most` of them are offered at once."""

    shape: str
    name: str
    plural: str
    lowest: int
    highest: int
    most: int
    labels: list[str]


@cache
def _wares() -> dict[str, Any]:
    read: dict[str, Any] = read_yaml(FOLDER / "data" / "wares.yaml")
    return read


@cache
def words() -> dict[str, Any]:
    read: dict[str, Any] = read_yaml(FOLDER / "data" / "words.yaml")
    return read


@cache
def categories() -> dict[str, list[Ware]]:
    return {each["name"]: [Ware(*kind) for kind in each["kinds"]] for each in _wares()["categories"]}
