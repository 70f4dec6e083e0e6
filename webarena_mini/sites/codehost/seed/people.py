"""The users: names, jobs, and how they can be found."""

from dataclasses import dataclass
from random import Random

from webarena_mini.kit.accounts import ACCOUNTS
from webarena_mini.kit.clock import DAY_S, TODAY
from webarena_mini.sites.codehost.domain.text import slugged
from webarena_mini.sites.codehost.seed.reading import load_people

ACCOUNT, ACCOUNT_NAME = ACCOUNTS["gitlab"][0], "Byte Blaze"


@dataclass(frozen=True)
class Person:
    """`activity` is a relative weight: a few people do most of the work."""

    user_id: int
    username: str
    name: str
    email: str
    bio: str
    job_title: str
    organization: str
    location: str
    website: str
    status: str
    created_at: int
    activity: float


def make_people(random: Random) -> list[Person]:
    """The official account first, with user id 1."""
    words = load_people()
    joined = sorted(random.randint(800, 1500) for _ in range(len(words["names"]) + 1))
    people = [_account(TODAY - joined.pop() * DAY_S)]
    for number, name in enumerate(words["names"]):
        username = _username(number, name)
        people.append(
            Person(
                user_id=number + 2,
                username=username,
                name=name,
                email=f"{username}@mail.example",
                bio=random.choice(words["bios"]) if random.random() < 0.6 else "",
                job_title=random.choice(words["jobs"]) if random.random() < 0.7 else "",
                organization=random.choice(words["organizations"]) if random.random() < 0.6 else "",
                location=random.choice(words["locations"]) if random.random() < 0.8 else "",
                website=f"https://{username.replace('.', '-')}.example" if random.random() < 0.4 else "",
                status=random.choice(words["statuses"]) if random.random() < 0.15 else "",
                created_at=TODAY - joined.pop() * DAY_S - random.randint(0, DAY_S),
                activity=min(random.paretovariate(1.6), 6.0),
            )
        )
    return people


def _account(created_at: int) -> Person:
    return Person(
        user_id=1,
        username=ACCOUNT,
        name=ACCOUNT_NAME,
        email="byteblaze@mail.example",
        bio="Clocks, gardens and readable colours.",
        job_title="Developer",
        organization="Plainfont",
        location="Port Alder",
        website="https://byteblaze.example",
        status="",
        created_at=created_at,
        activity=2.5,
    )


def _username(number: int, name: str) -> str:
    """One of four shapes that people choose."""
    first, _, last = slugged(name).rpartition("-")
    first = first.replace("-", "")
    shapes = (f"{first}.{last}", f"{first}{last[0]}", f"{first[0]}{last}", f"{last}-{first}")
    return shapes[number % len(shapes)]
