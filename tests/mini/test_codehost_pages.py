"""Addresses, odd input, links and the smaller pages of the code hosting site."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.mini.codehost_client import Visitor, visiting

TIDEWATCH = "/harborlight/tidewatch"
KIT = "/plainfont/contrast-kit"
CLOCK = "/byteblaze/pebble-clock"
BEYOND = 10**30


@pytest_asyncio.fixture
async def stranger() -> AsyncIterator[Visitor]:
    async with visiting() as visitor:
        yield visitor


@pytest_asyncio.fixture
async def member() -> AsyncIterator[Visitor]:
    async with visiting(signed_in=True) as visitor:
        yield visitor


@pytest.mark.parametrize(
    "path", ["issues/{}", "merge_requests/{}", "milestones/{}", "labels/{}/edit", "issues/1/notes/{}"]
)
async def test_a_number_that_no_database_holds_names_nothing(member: Visitor, path: str) -> None:
    html = await member.get(f"{CLOCK}/-/{path.format(BEYOND)}")
    assert member.status == 404
    assert 'id="content-body"' in html


@pytest.mark.parametrize(
    ("path", "ends_on"),
    [
        ("/projects", "/dashboard/projects"),
        ("/groups", "/dashboard/groups"),
        (f"{CLOCK}.git", CLOCK),
        (f"{CLOCK}/issues?state=all", f"{CLOCK}/-/issues?state=all"),
        (f"{CLOCK}/tree/main/src", f"{CLOCK}/-/tree/main/src"),
        (f"{CLOCK}/-/blob/main/src", f"{CLOCK}/-/tree/main/src"),
        (f"{CLOCK}/-/tree/main/README.md", f"{CLOCK}/-/blob/main/README.md"),
        (f"{CLOCK}/-/tree/", f"{CLOCK}/-/tree/main"),
        (f"{CLOCK}/-/compare?from=main&to=dark-mode", f"{CLOCK}/-/compare/main...dark-mode"),
    ],
)
async def test_addresses_that_people_type_lead_on(member: Visitor, path: str, ends_on: str) -> None:
    await member.get(path)
    assert (member.status, member.url) == (200, ends_on)


@pytest.mark.parametrize("search", ["*", "😀", "%00", "!!"])
async def test_a_search_without_a_word_finds_nothing(member: Visitor, search: str) -> None:
    assert "nothing here that matches" in await member.get(f"{CLOCK}/-/issues?search={search}")


async def test_a_website_that_is_no_address_is_refused(member: Visitor) -> None:
    await member.get("/-/profile")
    await member.post("/-/profile", name="Byte Blaze", website="a[b]*.c")
    assert not member.redirected


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"username": "explore"}, "some names are taken"),
        ({"username": "Dashboard"}, "some names are taken"),
        ({"email": "byteblaze@mail.example"}, "There is an account"),
        ({"name": "x" * 500}, "in at most"),
    ],
)
async def test_an_account_cannot_take_what_is_taken(stranger: Visitor, changed: dict[str, str], message: str) -> None:
    fields = {"name": "Ada", "username": "ada-t", "email": "a@b.example", "password": "longenough"}
    await stranger.get("/users/sign_up")
    await stranger.send("/users/sign_up", {**fields, **changed})
    assert not stranger.redirected
    assert message in stranger.html


async def test_a_refused_comment_comes_back_with_what_was_typed(member: Visitor) -> None:
    await member.get(f"{CLOCK}/-/issues/3")
    text = "word " * 5000
    html = await member.post(f"{CLOCK}/-/issues/3/notes", note=text)
    assert not member.redirected
    assert text.strip() in html
    await member.post(f"{CLOCK}/-/issues/3/sidebar", part="due_date", due_date="2023-W30-1")
    assert not member.redirected
    assert "YYYY-MM-DD" in member.html.split('class="block due_date"')[1].split("</section>")[0]


async def test_a_second_click_on_close_does_no_harm(member: Visitor) -> None:
    before = (await member.get(f"{TIDEWATCH}/-/issues/24")).count("system-note")
    for _ in range(2):
        await member.post(f"{TIDEWATCH}/-/issues/24/state", event="close")
        assert "Reopen issue" in member.html
    assert member.html.count("system-note") == before + 1


async def test_only_what_exists_becomes_a_link(member: Visitor) -> None:
    await member.get(f"{CLOCK}/-/issues/3")
    note = 'See #1, !1 and #999, @tobiask, @nobody-here and `@tobiask`, [a](/explore "@tobiask") npm i @types/node'
    html = await member.post(f"{CLOCK}/-/issues/3/notes", note=note)
    last = html.split('class="timeline-discussion-body prose"')[-1].split("</div>")[0]
    links = re.findall(r'href="([^"]*)"', last)
    assert links == [f"{CLOCK}/-/issues/1", f"{CLOCK}/-/merge_requests/1", "/tobiask", "/explore"]
    assert "<code>@tobiask</code>" in last


async def test_a_branch_that_is_gone_is_no_link(member: Visitor) -> None:
    merged = member.database.value(
        "select i.iid from issuables i join projects p on p.id = i.project_id"
        " where p.path = 'tidewatch' and i.state = 'merged' order by i.iid"
    )
    html = await member.get(f"{TIDEWATCH}/-/merge_requests/{merged}")
    source, target = re.findall(r'<a class="gl-font-monospace mono"([^>]*)>', html)
    assert "href" not in source
    assert f'href="{TIDEWATCH}/-/tree/main"' in target


async def test_a_branch_with_an_open_merge_request_leads_to_it(member: Visitor) -> None:
    await member.get(f"{TIDEWATCH}/-/branches")
    assert f'href="{TIDEWATCH}/-/merge_requests/13"' in member.html
    assert "source_branch%5D=find-station" not in member.html


async def test_two_branches_are_compared(member: Visitor) -> None:
    html = await member.get(f"{CLOCK}/-/compare/main...dark-mode")
    assert html.count('class="commits__title"') == 1
    assert 'class="diff"' in html
    assert "has nothing that" in await member.get(f"{CLOCK}/-/compare/dark-mode...main")
    assert 'href="/harborlight/tidewatch/-/merge_requests/13"' in await member.get(
        f"{TIDEWATCH}/-/compare/main...find-station"
    )
    await member.get(f"{CLOCK}/-/compare/main...nothing")
    assert member.status == 404
    assert "There is no branch" in member.html


async def test_releases_say_what_came_since_the_one_before(member: Visitor) -> None:
    html = await member.get(f"{TIDEWATCH}/-/releases")
    tags = [row["name"] for row in member.database.all("select name from tags where project_id = 7 order by id desc")]
    assert re.findall(r'<a class="mono" href="[^"]*/tree/([^"]*)"', html) == tags
    assert html.split('class="changes"')[1].split("</ul>")[0].count("<li>") > 5


async def test_the_board_has_each_open_issue_where_its_labels_are(member: Visitor) -> None:
    html = await member.get(f"{TIDEWATCH}/-/boards")
    columns = html.split('class="board__column"')[1:]
    opened = {row["iid"] for row in member.database.all(
        "select iid from issuables where project_id = 7 and kind = 'issue' and state = 'opened'"
    )}  # fmt: skip
    shown = {int(iid) for column in columns[:-1] for iid in re.findall(r"/-/issues/(\d+)", column)}
    assert shown == opened
    assert "Closed" in columns[-1]


async def test_work_that_a_fork_has_copied_is_not_done_twice(member: Visitor) -> None:
    copied = """select 1 from events e join projects p on p.id = e.project_id
        join projects o on o.id = p.forked_from_id join commits c on c.project_id = o.id and c.sha = e.ref"""
    assert member.database.all(copied) == []
    fork = member.database.one(
        "select n.path from projects p join namespaces n on n.id = p.namespace_id where p.forked_from_id is not null"
    )
    assert fork is not None
    assert f'pushed <a class="mono" href="/{fork["path"]}/' not in await member.get(f"/users/{fork['path']}/activity")


async def test_groups_are_listed_with_the_projects_that_one_may_see(member: Visitor, stranger: Visitor) -> None:
    member.database.run("update projects set visibility = 'private' where path = 'seedbank'")
    html = await member.get("/explore/groups?name=green")
    assert html.count('class="row__title"') == 1
    assert "/greenbench/seedbank" not in html
    assert "/greenbench/seedbank" in await stranger.get("/explore/groups")


async def test_to_dos_are_narrowed_and_sorted(member: Visitor) -> None:
    reviews = member.database.value("select count(*) from todos where reason = 'review_requested' and not done")
    html = await member.get("/dashboard/todos?action=review_requested&type=MergeRequest")
    assert html.count('class="row"') == reviews
    project = member.database.value("select id from projects where path = 'study-timer'")
    html = await member.get(f"/dashboard/todos?project_id={project}&sort=title_asc&type=x&action=y")
    assert set(re.findall(r'href="(/[^"]*)/-/(?:issues|merge_requests)/\d+"', html)) == {"/byteblaze/study-timer"}


async def test_several_labels_narrow_the_list_together_and_stay_in_the_form(member: Visitor) -> None:
    html = await member.get(f"{KIT}/-/issues?label_name[]=bug&label_name[]=docs&state=all")
    assert "nothing here that matches" in html
    assert '<input type="hidden" name="label_name[]" value="docs">' in html


async def test_a_new_project_can_start_in_the_group_one_comes_from(member: Visitor) -> None:
    group = member.database.value("select id from namespaces where path = 'plainfont'")
    assert f'href="/projects/new?namespace_id={group}"' in await member.get("/plainfont")
    await member.get(f"/projects/new?namespace_id={group}")
    assert f'<option value="{group}" selected>' in member.html


async def test_the_title_of_a_tab_says_what_it_shows_and_of_which_project(member: Visitor) -> None:
    pages = (
        "/activity", "/-/labels", "/-/project_members", "/-/tree/main", "/-/tree/v0.2.0", "/-/commits/v0.2.0",
        "/-/blob/main/README.md", "/-/commits/main", "/-/commits/main/README.md", "/-/branches", "/-/tags",
        "/-/compare", "/-/graphs/main", "/-/forks", "/-/issues", "/-/issues/1", "/-/issues/2",
        "/-/issues/new", "/-/boards", "/-/milestones", "/-/milestones/1", "/-/merge_requests", "/-/merge_requests/1",
        "/-/releases", "/-/starrers", "",
    )  # fmt: skip
    paths = [f"{project}{page}" for project in (TIDEWATCH, CLOCK) for page in pages]
    paths += [
        "/harborlight",
        "/groups/harborlight/-/issues",
        "/dashboard/issues",
        "/search?search=a",
        "/search?search=b",
    ]
    titles = {}
    for path in paths:
        html = await member.get(path)
        assert member.status == 200, path
        titles[path] = html.partition("<title>")[2].partition("</title>")[0]
    assert len(set(titles.values())) == len(paths)
    assert titles[f"{CLOCK}/-/blob/main/README.md"] == "README.md · Byte Blaze / Pebble Clock · Slipway"
    first = await member.get(f"{CLOCK}/-/issues/1")
    assert titles[f"{CLOCK}/-/issues/1"].partition(" · ")[0] in first.partition("<main")[2]
