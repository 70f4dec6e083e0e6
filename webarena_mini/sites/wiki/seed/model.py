"""What articles are made from."""

from dataclasses import dataclass, field
from typing import Any

from webarena_mini.region import Place, Point, Region, Town


@dataclass(frozen=True)
class Entry:
    """Something with an article. `kind` chooses the sentences, `topic` the list that it stands in, `town` its home."""

    name: str
    kind: str
    topic: str
    facts: dict[str, Any]
    town: str = ""
    place: Place | None = None
    at: Point | None = None


@dataclass(frozen=True)
class Table:
    """Cells are markup."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass
class Article:
    """Values fill the sentences; `box` are the rows beside the lead."""

    values: dict[str, str] = field(default_factory=dict)
    box: list[tuple[str, str]] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)
    caption: str = ""
    picture: str = ""


@dataclass(frozen=True)
class World:
    """All entries by name, in the order in which they were made, and the region that they are in."""

    region: Region
    entries: dict[str, Entry]

    def of(self, *kinds: str, town: str = "") -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.kind in kinds and (not town or entry.town == town)]

    def topic(self, topic: str) -> list[Entry]:
        return sorted((entry for entry in self.entries.values() if entry.topic == topic), key=lambda entry: entry.name)

    def home(self, entry: Entry) -> Town:
        return self.region.town(entry.town)

    def mentioned(self, entry: Entry, *kinds: str) -> list[Entry]:
        """Entries whose note speaks of this one."""
        marks = (f"[[{entry.name}]]", f"[[{entry.name}|")
        return [
            other
            for other in self.of(*kinds)
            if any(
                mark in text for mark in marks for text in (other.facts.get("note", ""), other.facts.get("known", ""))
            )
        ]
