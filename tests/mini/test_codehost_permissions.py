"""Who may do what on the code hosting site: roles, strangers, private and internal things."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from tests.mini.codehost_client import Visitor, visiting
from webarena_mini.sites.codehost.domain.access import Role

KIT = "/plainfont/contrast-kit"
SECRET = "/byteblaze/notes-to-self"
OUTSIDER = "callums"


@dataclass(frozen=True)
class Deed:
    """A form, and the lowest role that may send it; the page with the form, where there is one, takes the same role."""

    path: str
    least: Role
    fields: dict[str, str] = field(default_factory=dict)
    has_page: bool = True


DEEDS = [
    Deed("edit", Role.MAINTAINER, {"name": "Kit", "visibility": "public"}),
    Deed("-/delete", Role.OWNER),
    Deed("-/project_members/invite", Role.MAINTAINER, {"users": "tobiask", "role": "10"}, has_page=False),
    Deed("-/labels/new", Role.REPORTER, {"name": "odd", "color": "#112233"}),
    Deed("-/labels/{label}/edit", Role.REPORTER, {"name": "odd", "color": "#112233"}),
    Deed("-/milestones/new", Role.REPORTER, {"title": "Soon"}),
    Deed("-/milestones/1/edit", Role.REPORTER, {"title": "Soon"}),
    Deed("-/milestones/1/change", Role.REPORTER, {"event": "delete"}, has_page=False),
    Deed("-/branches/new", Role.DEVELOPER, {"branch_name": "mine", "ref": "main"}),
    Deed("-/branches/delete", Role.DEVELOPER, {"name": "dark-mode"}, has_page=False),
    Deed("-/tags/new", Role.DEVELOPER, {"tag_name": "v99", "ref": "main"}),
    Deed(
        "-/edit/main/README.md", Role.DEVELOPER, {"path": "README.md", "content": "x", "message": "x", "branch": "main"}
    ),
    Deed("-/new/main", Role.DEVELOPER, {"path": "a.txt", "content": "x", "message": "x", "branch": "main"}),
    Deed("-/create_dir/main", Role.DEVELOPER, {"path": "a", "message": "x", "branch": "main"}),
    Deed("-/delete/main/README.md", Role.DEVELOPER),
    Deed("-/issues/5/edit", Role.REPORTER, {"title": "Mine now"}),
    Deed("-/issues/5/state", Role.REPORTER, {"event": "close"}, has_page=False),
    Deed("-/issues/5/sidebar", Role.REPORTER, {"part": "labels"}, has_page=False),
    Deed("-/issues/5/delete", Role.OWNER),
    Deed("-/merge_requests/{open}/edit", Role.REPORTER, {"title": "Mine now"}),
    Deed("-/merge_requests/{open}/sidebar", Role.REPORTER, {"part": "reviewers"}, has_page=False),
    Deed("-/merge_requests/{open}/approve", Role.DEVELOPER, has_page=False),
    Deed("-/merge_requests/{open}/merge", Role.MAINTAINER, has_page=False),
]


PAGES = (
    "", "activity", "edit", "-/issues", "-/issues/1", "-/merge_requests", "-/tree/main", "-/raw/main/README.md",
    "-/commits/main", "-/branches", "-/tags", "-/releases", "-/boards", "-/compare", "-/milestones", "-/labels",
    "-/project_members", "-/forks", "-/starrers", "-/graphs/main", "-/find_file/main", "-/forks/new",
)  # fmt: skip


@pytest_asyncio.fixture
async def outsider() -> AsyncIterator[Visitor]:
    async with visiting(user=OUTSIDER) as visitor:
        yield visitor


@pytest_asyncio.fixture
async def stranger() -> AsyncIterator[Visitor]:
    async with visiting() as visitor:
        yield visitor


def give_role(visitor: Visitor, full_path: str, role: Role, user: str = OUTSIDER, expires_on: str = "") -> None:
    namespace, _, path = full_path.strip("/").partition("/")
    database = visitor.database
    key = database.value(
        "select p.id from projects p join namespaces n on n.id = p.namespace_id where n.path = ? and p.path = ?",
        namespace,
        path,
    )
    user_id = database.value("select id from users where username = ?", user)
    database.run("delete from project_members where project_id = ? and user_id = ?", key, user_id)
    if role:
        values = {"role": role.value, "expires_on": expires_on, "created_at": 1}
        database.insert("project_members", project_id=key, user_id=user_id, **values)


def changes(visitor: Visitor) -> int:
    """Rows written so far, apart from sessions."""
    return int(visitor.database.value("select total_changes() - (select count(*) from sessions)"))


def contents(visitor: Visitor) -> dict[str, list[tuple[object, ...]]]:
    """All rows by table, apart from sessions, which keep what a stranger wanted to see."""
    tables = visitor.database.all("select name from sqlite_master where type = 'table' and name != 'sessions'")
    return {name: [tuple(row) for row in visitor.database.all(f"select * from {name}")] for (name,) in tables}


def place(visitor: Visitor, deed: Deed) -> str:
    database = visitor.database
    project = "select p.id from projects p where p.path = 'contrast-kit' and p.forked_from_id is null"
    label = database.value(f"select id from labels where project_id = ({project})")
    opened = database.value(
        f"select iid from issuables where kind = 'merge_request' and state = 'opened' and project_id = ({project})"
    )
    return f"{KIT}/{deed.path.format(label=label, open=opened)}"


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.path)
async def test_each_form_takes_its_role_and_nothing_less(outsider: Visitor, deed: Deed) -> None:
    path = place(outsider, deed)
    below = [role for role in Role if role < deed.least]
    for role in (below[0], below[-1]):
        give_role(outsider, KIT, role)
        before = changes(outsider)
        await outsider.get(path if deed.has_page else KIT)
        assert outsider.status == (403 if deed.has_page else 200), role
        await outsider.send(path, deed.fields)
        assert outsider.status == 403, role
        assert changes(outsider) == before
    give_role(outsider, KIT, deed.least)
    await outsider.get(path if deed.has_page else KIT)
    assert outsider.status == 200
    await outsider.send(path, deed.fields)
    assert outsider.status == 200


async def test_strangers_are_asked_to_sign_in_before_they_change_anything(stranger: Visitor) -> None:
    before = contents(stranger)
    for deed in DEEDS:
        path = place(stranger, deed)
        if deed.has_page:
            await stranger.get(path)
            assert stranger.url == "/users/sign_in", path
        await stranger.send(path, deed.fields)
        assert stranger.url.startswith("/users/sign_in"), path
    assert contents(stranger) == before


async def test_a_private_project_looks_like_none_to_others(outsider: Visitor) -> None:
    for page in PAGES:
        await outsider.get(f"{SECRET}/{page}".rstrip("/"))
        assert outsider.status == 404, page
    await outsider.send(f"{SECRET}/toggle_star", {})
    assert outsider.status == 404


async def test_a_private_project_does_not_show_in_any_list_of_others(outsider: Visitor) -> None:
    for path in ("/explore?name=notes", "/users/byteblaze/projects", "/byteblaze", "/search?search=notes-to-self"):
        assert "Notes to self" not in await outsider.get(path)
    await outsider.get("/search?search=library&project=byteblaze/notes-to-self")
    assert "Return the library books" not in outsider.html


async def test_membership_ends_on_the_day_that_was_set(outsider: Visitor) -> None:
    give_role(outsider, SECRET, Role.DEVELOPER, expires_on="2023-06-16")
    await outsider.get(SECRET)
    assert outsider.status == 200
    give_role(outsider, SECRET, Role.DEVELOPER, expires_on="2023-06-15")
    await outsider.get(SECRET)
    assert outsider.status == 404
    assert "Notes to self" not in await outsider.get("/dashboard/projects?name=notes")


async def test_people_who_cannot_see_an_issue_get_no_to_do_when_they_are_mentioned() -> None:
    async with visiting(signed_in=True) as owner:
        await owner.get(f"{SECRET}/-/issues/1")
        await owner.post(f"{SECRET}/-/issues/1/notes", note="As @callums knows")
        assert owner.database.value("select count(*) from todos where reason = 'mentioned'") == 0


async def test_internal_groups_and_projects_need_an_account(stranger: Visitor) -> None:
    stranger.database.run("update namespaces set visibility = 'internal' where path = 'harborlight'")
    await stranger.get("/harborlight")
    assert stranger.url == "/users/sign_in"
    assert "Harborlight" not in (await stranger.get("/explore/groups")).split("<main")[1]
    async with visiting(user="tobiask") as somebody:
        somebody.database.run("update namespaces set visibility = 'internal' where path = 'harborlight'")
        await somebody.get("/harborlight")
        assert somebody.status == 200


async def test_settings_are_offered_only_to_those_who_may_change_them(outsider: Visitor) -> None:
    assert f'href="{KIT}/edit"' not in await outsider.get(KIT)
    give_role(outsider, KIT, Role.MAINTAINER)
    assert f'href="{KIT}/edit"' in await outsider.get(KIT)
    assert f'href="{KIT}/-/delete"' not in await outsider.get(f"{KIT}/edit")
    give_role(outsider, KIT, Role.OWNER)
    assert f'href="{KIT}/-/delete"' in await outsider.get(f"{KIT}/edit")
    assert "/groups/plainfont/-/edit" not in await outsider.get("/plainfont")


async def test_nobody_changes_what_somebody_else_wrote(outsider: Visitor) -> None:
    sql = """select n.id, i.iid from notes n join issuables i on i.id = n.issuable_id
        join projects p on p.id = i.project_id join users u on u.id = n.author_id
        where p.path = 'contrast-kit' and i.kind = 'issue' and not n.system and u.username != ?"""
    note = outsider.database.one(sql, OUTSIDER)
    assert note is not None
    path = f"{KIT}/-/issues/{note['iid']}/notes/{note['id']}"
    await outsider.get(path)
    assert outsider.status == 403
    await outsider.post(path, note="mine")
    assert outsider.status == 403
    todo = outsider.database.value("select id from todos where user_id = 1")
    await outsider.get("/dashboard/todos")
    await outsider.post(f"/dashboard/todos/{todo}", done="1")
    assert outsider.status == 404


async def test_the_author_of_a_fork_proposes_changes_but_does_not_sort_them(outsider: Visitor) -> None:
    await outsider.get(f"{KIT}/-/forks/new")
    fields = {"name": "Kit", "path": "kit", "visibility": "public"}
    fields["namespace_id"] = outsider.database.value("select id from namespaces where path = ?", OUTSIDER)
    await outsider.send(f"{KIT}/-/forks/new", fields)
    await outsider.get(f"/{OUTSIDER}/kit/-/new/main")
    await outsider.post(f"/{OUTSIDER}/kit/-/new/main", path="a.txt", content="a", message="Add a", branch="mine")
    label = outsider.database.value("select id from labels l where l.name = 'bug' order by id desc")
    html = await outsider.send(
        f"{KIT}/-/merge_requests",
        {
            "title": "From a fork",
            "merge_request[source]": f"{OUTSIDER}/kit",
            "merge_request[source_branch]": "mine",
            "merge_request[target_branch]": "main",
            "due_date": "no day at all",
            "assignee_id": "1",
            f"label_{label}": "1",
        },
    )
    assert f">{OUTSIDER}/kit:mine</a>" in html
    assert '<p class="muted">None</p>' in html.split('class="block assignee"')[1].split("</section>")[0]
    await outsider.get(f"{KIT}/-/merge_requests")
    assert outsider.status == 200


async def test_a_merge_request_cannot_come_from_a_project_that_is_no_fork(outsider: Visitor) -> None:
    await outsider.get(f"{KIT}/-/merge_requests/new")
    assert "Fork this project" in outsider.html
    fields = {"merge_request[source_branch]": "main", "merge_request[target_branch]": "main", "title": "x"}
    await outsider.send(f"{KIT}/-/merge_requests", {**fields, "merge_request[source]": "byteblaze/notes-to-self"})
    assert outsider.status == 403
    assert "notes-to-self" not in outsider.html
