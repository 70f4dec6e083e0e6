"""The code hosting site over HTTP: accounts, lists, issues, merge requests, members, settings, errors."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.mini.codehost_client import Visitor, visiting

TIDEWATCH = "/harborlight/tidewatch"
KIT = "/plainfont/contrast-kit"
CLOCK = "/byteblaze/pebble-clock"


@pytest_asyncio.fixture
async def stranger() -> AsyncIterator[Visitor]:
    async with visiting() as visitor:
        yield visitor


@pytest_asyncio.fixture
async def member() -> AsyncIterator[Visitor]:
    async with visiting(signed_in=True) as visitor:
        yield visitor


async def test_signing_in_leads_back_to_the_page_that_asked_for_it(stranger: Visitor) -> None:
    await stranger.get("/-/profile")
    assert stranger.url == "/users/sign_in"
    assert "You need to sign in or register first." in stranger.html
    fields = {"user[login]": "byteblaze", "user[password]": "hello1234"}
    await stranger.send("/users/sign_in", fields)
    assert stranger.url == "/-/profile"


async def test_a_wrong_password_is_refused(stranger: Visitor) -> None:
    html = await stranger.sign_in(password="hello")
    assert not stranger.redirected
    assert "Invalid login or password" in html


async def test_signing_out_ends_the_session(member: Visitor) -> None:
    await member.get("/")
    await member.post("/users/sign_out")
    await member.get("/dashboard/projects")
    assert member.url.startswith("/users/sign_in")


async def test_a_new_account_has_a_page_and_can_create_projects(stranger: Visitor) -> None:
    await stranger.get("/users/sign_up")
    await stranger.post("/users/sign_up", name="Ada Test", username="ada-t", email="a@b.example", password="longenough")
    await stranger.get("/projects/new")
    await stranger.send("/projects", {"project[name]": "First One", "project[visibility]": "public", "readme": "1"})
    assert stranger.url == "/ada-t/first-one"
    assert "Initial commit" in stranger.html


@pytest.mark.parametrize("path", ["/dashboard/todos", "/projects/new", "/groups/new", f"{TIDEWATCH}/-/issues/new"])
async def test_what_needs_an_account_sends_strangers_to_sign_in(stranger: Visitor, path: str) -> None:
    await stranger.get(path)
    assert stranger.url == "/users/sign_in"


@pytest.mark.parametrize("path", ["/explore", TIDEWATCH, f"{TIDEWATCH}/-/issues", "/tobiask", "/search?search=tide"])
async def test_public_pages_need_no_account(stranger: Visitor, path: str) -> None:
    await stranger.get(path)
    assert (stranger.status, stranger.url) == (200, path)


async def test_private_projects_are_hidden_from_strangers(stranger: Visitor) -> None:
    await stranger.get("/byteblaze/notes-to-self")
    assert stranger.url == "/users/sign_in"
    assert "notes-to-self" not in await stranger.get("/users/byteblaze/projects")
    assert "Return the library books" not in await stranger.get("/search?search=library+books&scope=issues")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/no-such-name", 404),
        (f"{TIDEWATCH}/-/blob/main/nothing.txt", 404),
        (f"{TIDEWATCH}/-/issues/9999", 404),
        (f"{TIDEWATCH}/-/tree/no-such-branch", 404),
        ("/cartwright/stitch/edit", 403),
        ("/groups/harborlight/-/edit", 403),
        ("/cartwright/stitch/-/edit/main/README.md", 403),
    ],
)
async def test_errors_are_pages(member: Visitor, path: str, status: int) -> None:
    html = await member.get(path)
    assert member.status == status
    assert 'id="content-body"' in html
    assert "Traceback" not in html


async def test_a_form_without_the_token_is_refused(member: Visitor) -> None:
    response = await member.client.post(f"{TIDEWATCH}/toggle_star", data={})
    assert response.status_code == 403


async def test_labels_search_and_state_narrow_the_list_of_issues(member: Visitor) -> None:
    await member.get(f"{KIT}/-/issues/?label_name[]=bug&state=all&search=transparent")
    assert "Transparent backgrounds" in member.html
    assert member.html.count('class="row__title"') == 1
    await member.get(f"{KIT}/-/issues/?label_name[]=None")
    assert '/-/issues/?label_name%5B%5D=bug" style' not in member.html


async def test_issues_sort_by_the_chosen_order(member: Visitor) -> None:
    ids = {}
    for sort in ("created_date", "created_asc"):
        html = await member.get(f"{TIDEWATCH}/-/issues?sort={sort}&state=all")
        ids[sort] = [part.split('"')[0] for part in html.split(f'row__title"><a href="{TIDEWATCH}/-/issues/')[1:]]
    assert ids["created_asc"][0] == "1"
    assert ids["created_date"][0] == max(ids["created_date"], key=int)


async def test_a_member_creates_an_issue_with_everything(member: Visitor) -> None:
    await member.get(f"{KIT}/-/issues/new")
    person = member.database.value("select id from users where name = 'Orla Finnegan'")
    label = member.database.value(
        "select l.id from labels l join projects p on p.id = l.project_id where p.path = 'contrast-kit'"
        " and p.forked_from_id is null and l.name = 'bug'"
    )
    fields = {"title": "Grey", "description": "See **here**", "assignee_id": str(person), "due_date": "2023-12-31"}
    html = await member.send(f"{KIT}/-/issues", {**fields, f"label_{label}": "1"})
    assert 'data-qa-selector="title_content">Grey</h1>' in html
    assert "<strong>here</strong>" in html
    assert "Orla Finnegan" in html.split('class="block assignee"')[1].split("</section>")[0]
    assert "Dec 31, 2023" in html.split('data-testid="sidebar-due-date"')[1].split("</section>")[0]


async def test_somebody_without_a_role_writes_issues_but_does_not_sort_them(member: Visitor) -> None:
    await member.get("/cartwright/stitch/-/issues/new")
    assert "Assignee" not in member.html
    await member.post("/cartwright/stitch/-/issues", title="Question", assignee_id="2", due_date="2023-12-31")
    assert member.status == 200
    await member.post(f"{member.url}/sidebar", part="due_date", due_date="2023-12-31")
    assert member.status == 403


@pytest.mark.parametrize(
    ("fields", "wrong"), [({"title": ""}, "A title"), ({"title": "x", "due_date": "soon"}, "YYYY")]
)
async def test_a_wrong_issue_form_comes_back_with_what_was_typed(
    member: Visitor, fields: dict[str, str], wrong: str
) -> None:
    await member.get(f"{KIT}/-/issues/new")
    html = await member.send(f"{KIT}/-/issues", {**fields, "description": "keep this"})
    assert not member.redirected
    assert wrong in html
    assert "keep this" in html


async def test_the_last_note_is_the_newest_comment_and_mentions_become_links(member: Visitor) -> None:
    await member.get(f"{TIDEWATCH}/-/issues/1")
    html = await member.post(f"{TIDEWATCH}/-/issues/1/notes", note="Ping @tobiask <script>")
    last = html.split('class="note timeline-entry"')[-1]
    assert '<a class="mention" href="/tobiask">@tobiask</a>' in last
    assert "<script>" not in (await member.client.get(f"{TIDEWATCH}/-/issues/1")).text
    assert member.database.value("select count(*) from todos where reason = 'mentioned'") == 1


async def test_closing_and_reopening_an_issue_is_noted(member: Visitor) -> None:
    await member.get(f"{TIDEWATCH}/-/issues/24")
    assert "Reopen issue" in await member.post(f"{TIDEWATCH}/-/issues/24/state", event="close")
    assert "Close issue" in await member.post(f"{TIDEWATCH}/-/issues/24/state", event="reopen")


async def test_invited_people_appear_with_their_role(member: Visitor) -> None:
    await member.get(f"{CLOCK}/-/project_members")
    html = await member.post(f"{CLOCK}/-/project_members/invite", users="Kenji Watarai, @lin.hartono", role="20")
    row = html.split("@lin.hartono")[1].split("</tr>")[0]
    assert '<td data-label="Max role" class="col-max-role"><span>Reporter</span>' in row
    await member.post(f"{CLOCK}/-/project_members/invite", users="nobody at all", role="20")
    assert not member.redirected


async def test_the_last_owner_stays(member: Visitor) -> None:
    await member.get(f"{CLOCK}/-/project_members")
    await member.post(f"{CLOCK}/-/project_members/1", remove="1")
    assert member.status == 403


async def test_only_maintainers_invite(member: Visitor) -> None:
    await member.get(f"{TIDEWATCH}/-/project_members")
    assert "Invite members" not in member.html
    await member.post(f"{TIDEWATCH}/-/project_members/invite", users="tobiask", role="10")
    assert member.status == 403


async def test_a_new_group_belongs_to_its_creator(member: Visitor) -> None:
    await member.get("/groups/new")
    await member.send("/groups/new", {"group[name]": "Night Owls", "group[visibility]": "private"})
    assert member.url == "/night-owls"
    html = await member.get("/groups/night-owls/-/group_members")
    assert "<span>Owner</span>" in html
    await member.get("/groups/new")
    await member.send("/groups/new", {"group[name]": "night owls"})
    assert not member.redirected


async def test_a_project_from_a_template_has_its_files(member: Visitor) -> None:
    await member.get("/projects/new")
    fields = {"from": "template", "template": "android", "project[name]": "phone", "project[visibility]": "private"}
    html = await member.send("/projects", fields)
    assert "Initialized from 'Android' project template" in html
    assert "build.gradle" in html
    assert "Private - only members" in html


async def test_status_and_website_show_on_the_profile(member: Visitor) -> None:
    await member.get("/-/profile/status")
    html = await member.post("/-/profile/status", status_message="Away", status_emoji="🌴", busy="1")
    assert 'aria-hidden="true">🌴</span><span>Away</span></div>' in html
    await member.get("/-/profile")
    await member.post("/-/profile", name="Byte Blaze", website="https://new.example/x/")
    assert ">new.example/x</a>" in await member.get("/byteblaze")
    await member.post("/-/profile", name="", website="not a site")
    assert member.status == 403 or not member.redirected


async def test_following_and_stars_show_on_the_lists(member: Visitor) -> None:
    await member.get("/tobiask")
    await member.post("/users/tobiask/follow")
    assert "@tobiask" in await member.get("/users/byteblaze/following")
    await member.get(TIDEWATCH)
    await member.post(f"{TIDEWATCH}/toggle_star")
    assert "Tidewatch" in await member.get("/users/byteblaze/starred")
    await member.get(TIDEWATCH)
    await member.post(f"{TIDEWATCH}/toggle_star")
    assert "Tidewatch" not in await member.get("/users/byteblaze/starred")


async def test_todos_are_ticked_off(member: Visitor) -> None:
    await member.get("/dashboard/todos")
    waiting = member.database.value("select count(*) from todos where not done")
    todo = member.database.value("select max(id) from todos")
    await member.post(f"/dashboard/todos/{todo}", done="1")
    assert member.database.value("select count(*) from todos where not done") == waiting - 1


async def test_milestones_have_dates(member: Visitor) -> None:
    await member.get(f"{KIT}/-/milestones/new")
    html = await member.post(f"{KIT}/-/milestones/new", title="Launch", start_date="2030-01-16", due_date="2030-01-30")
    assert "Jan 16, 2030" in html.split('class="block start_date"')[1]
    assert "Jan 30, 2030" in html.split('class="block due_date"')[1]
    await member.get(f"{KIT}/-/milestones/new")
    await member.post(f"{KIT}/-/milestones/new", title="x", start_date="2030-02-01", due_date="2030-01-30")
    assert not member.redirected


@pytest.mark.parametrize("scope", ["projects", "issues", "merge_requests", "milestones", "users"])
async def test_search_finds_in_every_scope(member: Visitor, scope: str) -> None:
    terms = {"projects": "tide", "issues": "midnight", "merge_requests": "glossary", "milestones": "summer"}
    html = await member.get(f"/search?search={terms.get(scope, 'vega')}&scope={scope}")
    assert 'class="row__title"' in html or 'class="person"' in html.split("<main")[1]


async def test_commits_are_searched_within_a_project(member: Visitor) -> None:
    html = await member.get("/search?search=RELEASE+0.5&scope=commits&project=harborlight/tidewatch")
    assert html.count('class="commits__title"') == 1
    assert "Release 0.5.0" in html


async def test_activity_is_narrowed_by_kind_and_paged(member: Visitor) -> None:
    html = await member.get(f"{TIDEWATCH}/activity?event_filter=merge")
    assert "merged" in html
    assert "pushed" not in html.split('class="events"')[1].split("</ol>")[0]
    first = await member.get(f"{TIDEWATCH}/activity")
    second = await member.get(f"{TIDEWATCH}/activity?page=2")
    assert first.split('class="events"')[1] != second.split('class="events"')[1]
    assert 'aria-current="page">2</span>' in second


async def test_code_is_searched_within_a_project(member: Visitor) -> None:
    html = await member.get("/search?search=read_level&project=harborlight/tidewatch")
    assert "tidewatch/levels.py" in html
