"""The users: names, biographies, and how much each of them writes."""

from dataclasses import dataclass
from random import Random

from webarena_mini.kit.clock import DAY_S, TODAY
from webarena_mini.sites.forum.seed.topics import PeopleWords, load_words


@dataclass(frozen=True)
class Person:
    """`activity` is a relative weight: a few people write most of what there is."""

    name: str
    biography: str
    joined_at: int
    activity: float


def make_people(random: Random, count: int) -> list[Person]:
    """`count` users with different names, the earliest first."""
    words = load_words()
    names: dict[str, None] = {}
    while len(names) < count:
        names.setdefault(_name(random, words))
    joined = sorted(TODAY - random.randint(560 * DAY_S, 1700 * DAY_S) for _ in names)
    return [
        Person(name, _biography(random, words), at, min(random.paretovariate(1.5), 7.0))
        for name, at in zip(names, joined, strict=True)
    ]


def _name(random: Random, words: PeopleWords) -> str:
    first, second, given = random.choice(words.first), random.choice(words.second), random.choice(words.given)
    number = random.randint(2, 99)
    forms = (
        f"{first}_{second}",
        f"{first.title()}{second.title()}",
        f"{first}{second}{number}",
        f"{given}_{second}",
        f"{given.title()}{number}",
        f"{second}_{number}",
        f"the_{first}_{second}",
    )
    return random.choice(forms)


def _biography(random: Random, words: PeopleWords) -> str:
    if random.random() < 0.45:
        return ""
    return f"{random.choice(words.life)} {random.choice(words.likes)}"
