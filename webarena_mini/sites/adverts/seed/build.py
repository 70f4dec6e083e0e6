"""From wares and people to a database."""

import sqlite3
from random import Random

from webarena_mini.kit.accounts import ACCOUNTS
from webarena_mini.kit.clock import DAY_S, TODAY
from webarena_mini.kit.database import build_snapshot, insert
from webarena_mini.kit.grammar import Speech
from webarena_mini.kit.passwords import hash_password
from webarena_mini.kit.wares import tones
from webarena_mini.sites.adverts import FOLDER
from webarena_mini.sites.adverts.domain.wares import Ware, categories, words

ACCOUNT, _PASSWORD = ACCOUNTS["classifieds"]
OWNER = 1
_SEED = 20_230_617
_FIRST_ITEM = 84_001
_OF_EACH_KIND = 8
_NAME, _TOWN = "Blake Sullivan", "Fernhill"


def build() -> bytes:
    """Serialised database with everything in it."""
    return build_snapshot((FOLDER / "schema.sql").read_text("utf-8"), _fill)


def _fill(connection: sqlite3.Connection) -> None:
    rng = Random(_SEED)
    insert(connection, "clock", now=TODAY)
    people = _fill_users(connection, rng)
    offers = [
        (number, ware)
        for number, (name, wares) in enumerate(categories().items(), 1)
        if insert(connection, "categories", id=number, name=name)
        for ware in wares
        for _ in range(_OF_EACH_KIND)
    ]
    rng.shuffle(offers)
    # The account's own advertisements lie among the others.
    own = set(rng.sample(range(len(offers)), 7))
    for at, (category, ware) in enumerate(offers):
        seller = OWNER if at in own else rng.randint(OWNER + 1, len(people))
        age_s = round((len(offers) - at) * 55 * DAY_S / len(offers)) + rng.randrange(4 * 3600)
        _fill_item(connection, rng, _FIRST_ITEM + at, category, ware, seller, people, TODAY - age_s)
    connection.execute("insert into item_search (item_search) values ('optimize')")


def _fill_users(connection: sqlite3.Connection, rng: Random) -> list[tuple[str, str, str]]:
    """Name, email and town of each. Nobody can log in as one of the made-up people: they have no password."""
    people = [(_NAME, ACCOUNT, _TOWN)]
    for name in words()["people"]:
        people.append((name, f"{name.lower().replace(' ', '.')}@example.com", rng.choice(words()["towns"])))
    for number, (name, email, town) in enumerate(people, 1):
        password = hash_password(_PASSWORD, salt="c14551f1ed5ad5a1") if number == OWNER else ""
        joined_at = TODAY - rng.randint(120, 1400) * DAY_S
        phone = f"555-01{rng.randint(10, 99)}"
        insert(
            connection,
            "users",
            id=number,
            name=name,
            email=email,
            password=password,
            phone=phone,
            town=town,
            joined_at=joined_at,
        )
    return people


def _fill_item(
    connection: sqlite3.Connection,
    rng: Random,
    item: int,
    category: int,
    ware: Ware,
    seller: int,
    people: list[tuple[str, str, str]],
    created_at: int,
) -> None:
    name, email, town = people[seller - 1]
    pieces = rng.randint(2, ware.most) if ware.most > 1 and rng.random() < 0.4 else 1
    tone = rng.choice(list(tones()))
    known = words()
    speech = Speech(known["words"], rng)
    speech.bound |= {
        "ware": ware.name,
        "wares": ware.plural,
        "tone": tone,
        "town": town,
        "number": known["numbers"][pieces],
    }
    kind = ("one" if pieces == 1 else "many") + ("" if rng.random() < 0.5 else "_untold")
    dollars = rng.randint(ware.lowest, ware.highest) * pieces
    step = 1 if dollars < 40 else 5 if dollars < 400 else 50
    insert(
        connection,
        "items",
        id=item,
        category_id=category,
        user_id=seller,
        title=speech.say(rng.choice(known["titles"][kind])),
        description=speech.say(rng.choice(known["descriptions"][kind])),
        price_cents=max(step, dollars // step * step) * 100,
        town=town,
        contact=name,
        email=email,
        created_at=created_at,
        shape=ware.shape,
        tone=tone,
        pieces=pieces,
        label=rng.choice(ware.labels),
    )
    for number in range(rng.choice((0, 0, 0, 1, 1, 2, 3))):
        written_at = min(TODAY - 600, created_at + (number + 1) * rng.randint(2 * 3600, 40 * 3600))
        _fill_comment(connection, rng, speech, item, seller, people, written_at)


def _fill_comment(
    connection: sqlite3.Connection,
    rng: Random,
    speech: Speech,
    item: int,
    seller: int,
    people: list[tuple[str, str, str]],
    written_at: int,
) -> None:
    author = rng.choice([number for number in range(1, len(people) + 1) if number != seller])
    rating, titles, bodies = rng.choices(words()["comments"], (5, 4, 3, 1.5, 1))[0]
    insert(
        connection,
        "comments",
        item_id=item,
        user_id=author,
        author=people[author - 1][0],
        title=rng.choice(titles),
        body=speech.say(rng.choice(bodies)),
        rating=rating,
        created_at=written_at,
    )
