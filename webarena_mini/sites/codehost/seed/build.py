"""From people and projects to a database."""

import sqlite3
from random import Random

from webarena_mini.kit.accounts import ACCOUNTS
from webarena_mini.kit.clock import DAY_S, TODAY
from webarena_mini.kit.database import build_snapshot, insert
from webarena_mini.kit.passwords import hash_password
from webarena_mini.sites.codehost import FOLDER
from webarena_mini.sites.codehost.domain.access import Role
from webarena_mini.sites.codehost.seed.people import ACCOUNT, Person, make_people
from webarena_mini.sites.codehost.seed.project import ProjectFiller
from webarena_mini.sites.codehost.seed.reading import GroupSpec, ProjectSpec, load_common, load_projects, load_stack

_SEED = 20_230_615
_FORKED = ("quickdiff", "contrast-kit", "terminal-chess", "awesome-maps", "departures-board")
_FINISH = "insert into issuable_search (issuable_search) values ('optimize');"
_STATUS_EMOJI = "💬"


def build() -> bytes:
    """Serialised database with everything in it."""
    schema = (FOLDER / "schema.sql").read_text("utf-8")
    return build_snapshot(schema, _fill)


def _fill(connection: sqlite3.Connection) -> None:
    random = Random(_SEED)
    people = make_people(random)
    by_name = {person.name: person for person in people} | {ACCOUNT: people[0]}
    groups, projects = load_projects()
    insert(connection, "clock", now=TODAY)
    _users(connection, random, people)
    namespaces = _namespaces(connection, random, people, groups, by_name)
    common = load_common()
    fillers = {}
    for spec in projects:
        team = _team(spec, groups, by_name)
        # A stream of its own: what is changed in one project leaves the others as they are.
        own = Random(f"{_SEED} {spec.path}")
        fillers[spec.path] = filler = ProjectFiller(connection, spec, team, people, common, own)
        owner = by_name[spec.owner] if spec.owner else None
        filler.fill(namespaces[owner.username if owner else spec.group], load_stack(spec.stack).default_branch)
        _members(connection, filler.project_id, spec, by_name)
    _forks(connection, random, people, fillers, namespaces)
    _stars(connection, random, people, projects, fillers)
    connection.executescript(_FINISH)


def _users(connection: sqlite3.Connection, random: Random, people: list[Person]) -> None:
    """Nobody can sign in as one of the made-up users: they have no password."""
    for person in people:
        insert(
            connection,
            "users",
            id=person.user_id,
            username=person.username,
            name=person.name,
            password=hash_password(ACCOUNTS["gitlab"][1], salt="9a41c07be2d35f68")
            if person.username == ACCOUNT
            else "",
            email=person.email,
            bio=person.bio,
            job_title=person.job_title,
            organization=person.organization,
            location=person.location,
            website=person.website,
            status_emoji=_STATUS_EMOJI if person.status else "",
            status_message=person.status,
            feed_token=f"{random.getrandbits(80):020x}",
            created_at=person.created_at,
        )
    for person in people:
        for other in random.sample(people, random.randint(1, 9)):
            if other is not person and 1 not in (other.user_id, person.user_id):
                insert(connection, "follows", follower_id=person.user_id, user_id=other.user_id)
    for user_id in (2, 5, 9):
        insert(connection, "follows", follower_id=1, user_id=user_id)
        insert(connection, "follows", follower_id=user_id + 1, user_id=1)


def _namespaces(
    connection: sqlite3.Connection,
    random: Random,
    people: list[Person],
    groups: list[GroupSpec],
    by_name: dict[str, Person],
) -> dict[str, int]:
    ids = {}
    for person in people:
        ids[person.username] = insert(
            connection,
            "namespaces",
            path=person.username,
            name=person.name,
            kind="user",
            user_id=person.user_id,
            created_at=person.created_at,
        )
    for group in groups:
        created_at = TODAY - random.randint(710, 780) * DAY_S
        ids[group.path] = insert(
            connection,
            "namespaces",
            path=group.path,
            name=group.name,
            kind="group",
            description=group.description,
            created_at=created_at,
        )
        roles = {
            Role.OWNER: group.owners,
            Role.MAINTAINER: group.maintainers,
            Role.DEVELOPER: group.developers,
            Role.REPORTER: group.reporters,
        }
        for role, names in roles.items():
            for name in names:
                user_id = by_name[name].user_id
                joined_at = created_at + random.randint(1, 300) * DAY_S
                insert(
                    connection,
                    "group_members",
                    namespace_id=ids[group.path],
                    user_id=user_id,
                    role=role.value,
                    created_at=joined_at,
                )
    return ids


def _team(spec: ProjectSpec, groups: list[GroupSpec], by_name: dict[str, Person]) -> list[Person]:
    """Who writes code, the leader first."""
    if spec.owner:
        writers = [name for name, role in _roles(spec) if role >= Role.DEVELOPER]
        return [by_name[spec.owner], *(by_name[name] for name in writers)]
    (group,) = [each for each in groups if each.path == spec.group]
    team = [by_name[name] for name in (*group.owners, *group.maintainers, *group.developers)]
    # Each project of a group has a leader of its own.
    turn = sum(spec.path.encode()) % len(team)
    return team[turn:] + team[:turn]


def _roles(spec: ProjectSpec) -> list[tuple[str, int]]:
    return [(name, int(role)) for name, _, role in (each.partition(":") for each in spec.members)]


def _members(connection: sqlite3.Connection, project_id: int, spec: ProjectSpec, by_name: dict[str, Person]) -> None:
    roles = [(spec.owner, Role.OWNER.value), *_roles(spec)] if spec.owner else []
    for name, role in roles:
        insert(
            connection,
            "project_members",
            project_id=project_id,
            user_id=by_name[name].user_id,
            role=role,
            created_at=TODAY - (320 - role) * DAY_S,
        )


def _forks(
    connection: sqlite3.Connection,
    random: Random,
    people: list[Person],
    fillers: dict[str, ProjectFiller],
    namespaces: dict[str, int],
) -> None:
    for path, person in zip(_FORKED, random.sample(people[1:], len(_FORKED)), strict=True):
        fillers[path].fork(namespaces[person.username], person)


def _stars(
    connection: sqlite3.Connection,
    random: Random,
    people: list[Person],
    projects: list[ProjectSpec],
    fillers: dict[str, ProjectFiller],
) -> None:
    """No two public projects have the same number of stars, and none of the stars are the account's."""
    shown = [spec for spec in projects if spec.visibility == "public"]
    for place, spec in enumerate(sorted(shown, key=lambda spec: -spec.popularity)):
        for person in random.sample(people[1:], len(people) - 4 - 2 * place):
            insert(connection, "stars", project_id=fillers[spec.path].project_id, user_id=person.user_id)
