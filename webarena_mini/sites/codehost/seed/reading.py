"""What the generator is told, read from the TOML files in `data/`."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webarena_mini.sites.codehost import FOLDER


@dataclass(frozen=True)
class Module:
    """One part of a project: what it is called, what it keeps, the three columns of that, what it does.

    `rows` and `seconds` are what its first and its second column may say.
    """

    name: str
    entity: str
    fields: tuple[str, str, str]
    verb: str
    rows: tuple[str, ...]
    seconds: tuple[str, ...]

    def words(self) -> dict[str, str]:
        first, second, third = self.fields
        return {
            "module": self.name,
            "modules": self.name.replace("_", " "),
            "Module": self.name.replace("_", " ").capitalize(),
            "entity": self.entity,
            "Entity": self.entity.capitalize(),
            "field1": first,
            "field2": second,
            "field3": third,
            "Field1": first.capitalize(),
            "Field2": second.capitalize(),
            "Field3": third.capitalize(),
            "verb": self.verb,
        }


@dataclass(frozen=True)
class ProjectSpec:
    """A project; `popularity` only orders projects by stars, `members` has "Full Name:role"."""

    path: str
    name: str
    description: str
    about: str
    stack: str
    license: str
    topics: list[str]
    commits: int
    popularity: int
    modules: list[Module]
    issues: list[str]
    group: str = ""
    owner: str = ""
    visibility: str = "public"
    members: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class GroupSpec:
    path: str
    name: str
    description: str
    owners: list[str]
    developers: list[str]
    reporters: list[str]
    maintainers: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class SourceFile:
    """A file of a stack; `each` makes one for every module."""

    path: str
    text: str
    each: bool = False


@dataclass(frozen=True)
class Stack:
    """How projects of one language look; `feature` is what a branch adds to a `module_file`, called `proposal`.

    `row` is what a commit says that adds a row to a `data_file`.
    """

    default_branch: str
    module_file: str
    data_file: str
    feature: str
    files: list[SourceFile]
    proposal: str = "Find «modules» by «field1»"
    row: str = "Add «row» to the list of «modules»"


@dataclass(frozen=True)
class Goal:
    """What a milestone is for; outside of the months of its `season` its title is `otherwise`."""

    title: str
    text: str
    season: tuple[int, ...] = ()
    otherwise: str = ""

    def title_at(self, months: Iterable[int]) -> str:
        return self.title if not self.season or set(months) & set(self.season) else self.otherwise


@dataclass(frozen=True)
class SideWork:
    """A small branch that fits any project."""

    branch: str
    title: str
    path: str
    text: str


@dataclass(frozen=True)
class Common:
    """Words and sentences that all projects share."""

    milestones: list[Goal]
    side_work: list[SideWork]
    unfinished: list[SideWork]


def load_projects() -> tuple[list[GroupSpec], list[ProjectSpec]]:
    groups, projects = [], []
    rows = _read(FOLDER / "data" / "rows.toml")
    for path in sorted((FOLDER / "data" / "projects").glob("*.toml")):
        data = _read(path)
        group = GroupSpec(**data["group"]) if "group" in data else None
        if group:
            groups.append(group)
        projects += [_project(each, group.path if group else "", rows[each["path"]]) for each in data["projects"]]
    return groups, projects


def load_stack(name: str) -> Stack:
    data = _read(FOLDER / "data" / "stacks" / f"{name}.toml")
    return Stack(**{**data, "files": [SourceFile(**each) for each in data["files"]]})


def load_common() -> Common:
    data = _read(FOLDER / "data" / "world.toml")
    data["milestones"] = [Goal(**each) for each in data["milestones"]]
    for name in ("side_work", "unfinished"):
        data[name] = [SideWork(**each) for each in data[name]]
    return Common(**data)


def load_people() -> dict[str, list[str]]:
    return _read(FOLDER / "data" / "people.toml")


def load_talk() -> dict[str, Any]:
    return _read(FOLDER / "data" / "talk.toml")


def _project(data: dict[str, Any], group: str, rows: dict[str, str]) -> ProjectSpec:
    modules = []
    for line in data["modules"]:
        name, entity, first, second, third, verb = line.split()
        firsts, seconds = (tuple(values.split(", ")) for values in rows[name].split(" | "))
        modules.append(Module(name, entity, (first, second, third), verb, firsts, seconds))
    return ProjectSpec(**{**data, "modules": modules, "group": group})


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))
