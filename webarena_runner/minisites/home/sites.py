"""What the cards say about the other sites."""

from collections.abc import Mapping
from dataclasses import dataclass

from webarena_runner.siteurls import OFFICIAL_ACCOUNTS


@dataclass(frozen=True)
class Card:
    """`url` is "" for a site that does not run in this lease."""

    name: str
    kind: str
    text: str
    icon: str
    url: str
    user: str = ""
    password: str = ""


_CARDS = (
    ("shopping", "Larkfield Market", "Online shop", "Lamps, tea, tents and ten thousand other things.", "bag"),
    (
        "shopping_admin",
        "Solbrook Backstage",
        "Shop administration",
        "Orders, products and reports of a store.",
        "chart",
    ),
    ("reddit", "Roundtable", "Forum", "Communities that talk about everything.", "talk"),
    ("gitlab", "Slipway", "Code hosting", "Projects, issues and merge requests.", "branch"),
    ("wikipedia", "Commonlore", "Encyclopedia", "All about the region of Halvern.", "book"),
    ("map", "Wayside Atlas", "Map", "Places, addresses and directions.", "pin"),
)


def cards(urls: Mapping[str, str]) -> list[Card]:
    found = []
    for site, name, kind, text, icon in _CARDS:
        user, password = OFFICIAL_ACCOUNTS.get(site, ("", ""))
        found.append(Card(name, kind, text, icon, urls.get(site, ""), user, password))
    return found
