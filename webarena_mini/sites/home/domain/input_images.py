"""What the pictures of tasks show."""

from functools import cache
from typing import NamedTuple

from webarena_mini.kit.records import read_yaml
from webarena_mini.sites.home import FOLDER


class Still(NamedTuple):
    """So many wares of a tone and what a card before them says, in a room that the seed chooses."""

    ware: str
    tone: str
    pieces: int
    label: str
    seed: int


@cache
def input_images() -> dict[str, Still]:
    """By name, such as `classifieds/task6/input_0.png`."""
    return {name: Still(*still) for name, still in read_yaml(FOLDER / "data" / "input_images.yaml").items()}
