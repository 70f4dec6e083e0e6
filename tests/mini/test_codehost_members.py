"""Members of projects and groups of the code hosting site: who can be invited, changed and removed by whom."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.mini.codehost_client import Visitor, visiting

CLOCK = "/byteblaze/pebble-clock/-/project_members"
KIT = "/plainfont/contrast-kit/-/project_members"
PLAINFONT = "/groups/plainfont/-/group_members"


@pytest_asyncio.fixture
async def owner() -> AsyncIterator[Visitor]:
    async with visiting(signed_in=True) as visitor:
        yield visitor


@pytest_asyncio.fixture
async def maintainer() -> AsyncIterator[Visitor]:
    """Tobias Krenn, who maintains the pebble clock of Byte Blaze."""
    async with visiting(user="tobiask") as visitor:
        yield visitor


def role(html: str, username: str) -> str:
    """As the official helper reads it: the role in the row of the account."""
    return html.split(f"@{username}</span>")[1].split('class="col-max-role"><span>')[1].split("</span>")[0]


async def test_a_maintainer_neither_demotes_nor_removes_an_owner(maintainer: Visitor) -> None:
    await maintainer.get(CLOCK)
    for fields in ({"role": "10"}, {"remove": "1"}):
        await maintainer.send(f"{CLOCK}/1", fields)
        assert maintainer.status == 403
        await maintainer.get(CLOCK)
    await maintainer.post(f"{CLOCK}/invite", users="byteblaze", role="10")
    assert not maintainer.redirected
    assert role(await maintainer.get(CLOCK), "byteblaze") == "Owner"


async def test_a_maintainer_does_not_make_owners(maintainer: Visitor) -> None:
    html = await maintainer.get(CLOCK)
    assert ">Owner</option>" not in html
    await maintainer.post(f"{CLOCK}/invite", users="kenjiw", role="50")
    assert not maintainer.redirected
    user_id = maintainer.database.value("select id from users where username = 'tobiask'")
    await maintainer.post(f"{CLOCK}/{user_id}", role="50")
    assert maintainer.status == 403


async def test_the_last_owner_cannot_invite_himself_out_of_the_role(owner: Visitor) -> None:
    await owner.get(CLOCK)
    await owner.post(f"{CLOCK}/invite", users="byteblaze", role="10")
    assert not owner.redirected
    await owner.get("/groups/new")
    await owner.send("/groups/new", {"group[name]": "Owls", "group[visibility]": "public"})
    await owner.post("/groups/owls/-/group_members/invite", users="byteblaze", role="30")
    assert "The last owner" in owner.html


async def test_one_s_own_project_stays_one_s_own(owner: Visitor) -> None:
    await owner.get(CLOCK)
    await owner.post(f"{CLOCK}/invite", users="kenjiw", role="50")
    await owner.post(f"{CLOCK}/1", remove="1")
    assert owner.status == 403
    assert "stays its owner" in owner.html


async def test_a_member_leaves(maintainer: Visitor) -> None:
    user_id = maintainer.database.value("select id from users where username = 'tobiask'")
    await maintainer.get(CLOCK)
    html = await maintainer.post(f"{CLOCK}/{user_id}", remove="1")
    assert "@tobiask</span>" not in html


async def test_nobody_gets_a_lower_role_than_the_group_gives(owner: Visitor) -> None:
    await owner.get(KIT)
    inherited = next(
        row
        for row in owner.database.all(
            "select u.username, m.role from group_members m join users u on u.id = m.user_id"
            " join namespaces n on n.id = m.namespace_id where n.path = 'plainfont'"
        )
        if row["role"] == 30
    )
    await owner.post(f"{KIT}/invite", users=inherited["username"], role="20")
    assert not owner.redirected
    assert "through the group" in owner.html
    html = await owner.post(f"{KIT}/invite", users=inherited["username"], role="40")
    assert role(html, inherited["username"]) == "Maintainer"


@pytest.mark.parametrize("day", ["2023-06-15", "2020-01-01", "2023-W30-1", "20231231", "soon"])
async def test_an_invitation_ends_on_a_day_to_come(owner: Visitor, day: str) -> None:
    await owner.get(CLOCK)
    html = await owner.post(f"{CLOCK}/invite", users="kenjiw", role="10", expires_on=day)
    assert not owner.redirected
    assert f'value="{day}"' in html


async def test_somebody_whose_time_is_over_is_no_member_any_more(owner: Visitor) -> None:
    await owner.get(CLOCK)
    html = await owner.post(f"{CLOCK}/invite", users="kenjiw", role="10", expires_on="2023-06-16")
    assert "Jun 16, 2023" in html.split("@kenjiw")[1].split("</tr>")[0]
    owner.database.run("update clock set now = now + 2 * 86400")
    assert "@kenjiw" not in await owner.get(CLOCK)


async def test_members_sort_and_narrow(owner: Visitor) -> None:
    first = {}
    for sort in ("access_level_desc", "access_level_asc"):
        html = await owner.get(f"{PLAINFONT}?sort={sort}")
        first[sort] = html.split('class="col-max-role"><span>')[1].split("</span>")[0]
    assert first["access_level_desc"] == "Owner"
    assert first["access_level_asc"] != "Owner"
    html = await owner.get(f"{PLAINFONT}?search=blaze&sort=nonsense")
    assert html.count('class="col-max-role"') == 1
    assert "Nobody matches" in await owner.get(f"{PLAINFONT}?search=nobody+at+all")


async def test_what_is_in_a_group_is_not_seen_by_more_people_than_the_group(owner: Visitor) -> None:
    await owner.get("/groups/new")
    await owner.send("/groups/new", {"group[name]": "Owls", "group[visibility]": "private"})
    group = owner.database.value("select id from namespaces where path = 'owls'")
    fields = {"project[name]": "Nest", "project[namespace_id]": str(group)}
    await owner.send("/projects", {**fields, "project[visibility]": "public"})
    assert not owner.redirected
    await owner.send("/projects", {**fields, "project[visibility]": "private"})
    assert owner.url == "/owls/nest"
    await owner.get("/owls/nest/edit")
    await owner.post("/owls/nest/edit", name="Nest", visibility="internal")
    assert not owner.redirected
    await owner.get("/groups/plainfont/-/edit")
    assert owner.status == 403


async def test_a_group_with_public_projects_cannot_hide(owner: Visitor) -> None:
    owner.database.run("update group_members set role = 50 where user_id = 1")
    await owner.get("/groups/plainfont/-/edit")
    await owner.send("/groups/plainfont/-/edit", {"group[name]": "Plainfont", "group[visibility]": "private"})
    assert not owner.redirected
    await owner.send("/groups/plainfont/-/edit", {"group[name]": "Plainfont"})
    assert not owner.redirected


async def test_a_fork_of_a_private_project_is_private(owner: Visitor) -> None:
    await owner.get("/byteblaze/notes-to-self/-/forks/new")
    namespace = owner.database.value("select id from namespaces where path = 'plainfont'")
    fields = {"name": "Copy", "path": "copy", "namespace_id": str(namespace), "visibility": "public"}
    await owner.send("/byteblaze/notes-to-self/-/forks/new", fields)
    assert not owner.redirected
    assert "so its forks are as well" in owner.html
