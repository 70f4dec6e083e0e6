"""Files, commits, branches, forks and merges of the code hosting site."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.mini.codehost_client import Visitor, visiting
from webarena_mini.sites.codehost.domain.repository import conflicts, tree_of

CLOCK = "/byteblaze/pebble-clock"
KIT = "/plainfont/contrast-kit"


@pytest_asyncio.fixture
async def member() -> AsyncIterator[Visitor]:
    async with visiting(signed_in=True) as visitor:
        yield visitor


def head(visitor: Visitor, path: str, branch: str = "main") -> int:
    namespace, _, project = path.strip("/").partition("/")
    return int(
        visitor.database.value(
            "select b.commit_id from branches b join projects p on p.id = b.project_id"
            " join namespaces n on n.id = p.namespace_id where n.path = ? and p.path = ? and b.name = ?",
            namespace,
            project,
            branch,
        )
    )


async def commit_file(visitor: Visitor, project: str, path: str, content: str, branch: str = "main") -> str:
    await visitor.get(f"{project}/-/new/main")
    return await visitor.post(f"{project}/-/new/main", path=path, content=content, message=f"Add {path}", branch=branch)


async def test_an_edited_file_is_committed(member: Visitor) -> None:
    await member.get(f"{CLOCK}/-/edit/main/README.md")
    fields = {"path": "README.md", "content": "# New\n\ntext", "message": "Rewrite it", "branch": "main"}
    await member.send(f"{CLOCK}/-/edit/main/README.md", fields)
    assert member.url == f"{CLOCK}/-/blob/main/README.md"
    assert await member.get(f"{CLOCK}/-/raw/main/README.md") == "# New\n\ntext\n"
    html = await member.get(f"{CLOCK}/-/commits/main")
    assert html.index("Rewrite it") < html.index("commits__main", html.index("Rewrite it"))


async def test_a_commit_shows_what_it_changed(member: Visitor) -> None:
    await commit_file(member, CLOCK, "notes/a.txt", "one\ntwo")
    sha = member.database.value("select sha from commits order by id desc limit 1")
    html = await member.get(f"{CLOCK}/-/commit/{sha}")
    assert "notes/a.txt" in html
    assert html.count('class="diff__new"') == 2


async def test_a_file_with_a_taken_or_empty_name_is_refused(member: Visitor) -> None:
    await commit_file(member, CLOCK, "README.md", "x")
    assert not member.redirected
    await commit_file(member, CLOCK, "../up.txt", "x")
    assert not member.redirected


async def test_directories_are_listed_with_their_last_commit(member: Visitor) -> None:
    await commit_file(member, CLOCK, "docs/deep/a.md", "# A")
    html = await member.get(f"{CLOCK}/-/tree/main/docs")
    assert f'href="{CLOCK}/-/tree/main/docs/deep">deep</a>' in html
    assert "Add docs/deep/a.md" in html


async def test_branch_names_may_hold_slashes(member: Visitor) -> None:
    await member.get(f"{CLOCK}/-/branches/new")
    await member.post(f"{CLOCK}/-/branches/new", branch_name="feature/big", ref="main")
    await member.get(f"{CLOCK}/-/blob/feature/big/README.md")
    assert member.status == 200


async def test_files_at_a_tag_are_those_of_that_time(member: Visitor) -> None:
    then = await member.get(f"{CLOCK}/-/raw/v0.2.0/Cargo.toml")
    assert 'version = "0.2.0"' in then
    assert 'version = "0.2.0"' not in await member.get(f"{CLOCK}/-/raw/main/Cargo.toml")


async def test_raw_files_are_plain_text(member: Visitor) -> None:
    response = await member.client.get("/byteblaze/wintersky.site/-/raw/main/index.html")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_commit_to_another_branch_leads_to_a_merge_request_that_can_be_merged(member: Visitor) -> None:
    await commit_file(member, CLOCK, "idea.txt", "an idea", branch="idea")
    assert member.url.startswith(f"{CLOCK}/-/merge_requests/new?")
    fields = {"merge_request[source_branch]": "idea", "merge_request[target_branch]": "main", "title": "Idea"}
    html = await member.send(f"{CLOCK}/-/merge_requests", fields)
    ends = [part.split(">")[1].split("<")[0] for part in html.split('class="gl-font-monospace mono"')[1:]]
    assert ends == ["idea", "main"]
    page = member.url
    assert "The changes were merged" in await member.post(f"{page}/merge", remove_source="1")
    assert await member.get(f"{CLOCK}/-/raw/main/idea.txt") == "an idea\n"
    assert "idea.txt" in await member.get(f"{page}/diffs")
    await member.get(f"{CLOCK}/-/tree/idea")
    assert member.status == 404


async def test_both_sides_changing_a_file_is_a_conflict(member: Visitor) -> None:
    await commit_file(member, CLOCK, "same.txt", "ours", branch="side")
    await commit_file(member, CLOCK, "same.txt", "theirs")
    source, target = head(member, CLOCK, "side"), head(member, CLOCK)
    assert conflicts(member.database, source, target) == ["same.txt"]


async def test_a_second_merge_request_for_a_branch_is_refused(member: Visitor) -> None:
    query = f"{quote('merge_request[source_branch]')}=glossary&{quote('merge_request[target_branch]')}=main"
    await member.get(f"{KIT}/-/merge_requests/new?{query}")
    assert not member.redirected
    assert "already an open merge request" in member.html


async def test_a_fork_has_the_history_and_offers_its_changes_back(member: Visitor) -> None:
    await member.get("/tobiask/terminal-chess/-/forks/new")
    namespace = member.database.value("select id from namespaces where path = 'byteblaze'")
    fields = {
        "name": "Terminal Chess",
        "path": "terminal-chess",
        "visibility": "public",
        "namespace_id": str(namespace),
    }
    html = await member.send("/tobiask/terminal-chess/-/forks/new", fields)
    assert member.url == "/byteblaze/terminal-chess"
    assert "Forked from" in html
    ours, theirs = head(member, "/byteblaze/terminal-chess"), head(member, "/tobiask/terminal-chess")
    assert list(tree_of(member.database, ours)) == list(tree_of(member.database, theirs))
    await commit_file(member, "/byteblaze/terminal-chess", "mine.txt", "mine", branch="mine")
    await member.send(
        "/tobiask/terminal-chess/-/merge_requests",
        {
            "title": "Mine",
            "merge_request[source]": "byteblaze/terminal-chess",
            "merge_request[source_branch]": "mine",
            "merge_request[target_branch]": "main",
        },
    )
    html = await member.get(f"{member.url}/commits")
    assert html.count('class="commits__title"') == 1
    await member.post(f"{member.url.removesuffix('/commits')}/merge")
    assert member.status == 403


async def test_contributors_are_ranked_by_commits(member: Visitor) -> None:
    html = await member.get("/harborlight/tidewatch/-/graphs/main")
    people = html.split('<li class="card">')[1:]
    counts = [int(part.split("<p>")[1].split(" ")[0]) for part in people]
    assert counts == sorted(counts, reverse=True)
    assert "Ingrid Solheim" in people[0]


async def test_commits_are_filtered_by_author_and_words(member: Visitor) -> None:
    html = await member.get("/harborlight/tidewatch/-/commits/main?author=Byte+Blaze&search=add")
    assert "Ingrid Solheim</a> authored" not in html
    assert 'class="commits__title"' in html


async def test_an_empty_project_takes_its_first_file(member: Visitor) -> None:
    await member.get("/projects/new")
    await member.send("/projects", {"project[name]": "empty", "project[visibility]": "private"})
    assert "The repository for this project is empty" in member.html
    await commit_file(member, "/byteblaze/empty", "a.txt", "a")
    assert await member.get("/byteblaze/empty/-/raw/main/a.txt") == "a\n"


async def test_deleting_a_project_leaves_nothing_behind(member: Visitor) -> None:
    await member.get("/byteblaze/dotfiles/-/delete")
    await member.post("/byteblaze/dotfiles/-/delete")
    assert member.url == "/dashboard/projects"
    assert member.database.all("pragma foreign_key_check") == []
    await member.get("/byteblaze/dotfiles")
    assert member.status == 404


async def test_blanks_at_the_start_of_a_file_are_kept(member: Visitor) -> None:
    await commit_file(member, CLOCK, "a.yml", "  - one\n  - two  ")
    assert await member.get(f"{CLOCK}/-/raw/main/a.yml") == "  - one\n  - two  \n"


@pytest.mark.parametrize("name", ["a b#c.txt", "what?.md", "100%/ü&amp;.txt", "[x]*/y.txt"])
async def test_files_may_have_odd_names(member: Visitor, name: str) -> None:
    await commit_file(member, CLOCK, name, "found")
    assert member.status == 200
    assert "found" in member.html
    folder, _, file = name.rpartition("/")
    await member.get(f"{CLOCK}/-/tree/main/{quote(folder)}".rstrip("/"))
    assert f'href="{CLOCK}/-/blob/main/{quote(name)}"' in member.html
    await member.get(f"{CLOCK}/-/commits/main/{quote(name)}")
    assert member.html.count('class="commits__title"') == 1


@pytest.mark.parametrize("path", ["README.md/x.txt", "src", "a\tb", "x" * 300, ".git/config", "a//b"])
async def test_a_path_that_cannot_be_is_refused(member: Visitor, path: str) -> None:
    await commit_file(member, CLOCK, path, "x")
    assert not member.redirected


@pytest.mark.parametrize("name", ["feature/", "a//b", "a..b", "x.lock", ".hidden", "two words", ""])
async def test_a_branch_needs_a_name_that_git_takes(member: Visitor, name: str) -> None:
    await member.get(f"{CLOCK}/-/branches/new")
    await member.post(f"{CLOCK}/-/branches/new", branch_name=name, ref="main")
    assert not member.redirected


async def test_a_licence_can_start_from_a_template(member: Visitor) -> None:
    path = f"{CLOCK}/-/edit/main/LICENSE"
    await member.get(path)
    fields = {"path": "LICENSE", "content": "old", "message": "Change the licence", "branch": "main"}
    html = await member.send(path, {**fields, "template": "Apache", "apply": "1"})
    text = html.split("<textarea")[1].split(">\n", 1)[1].split("</textarea>")[0]
    assert text.startswith("Apache License, Version 2.0")
    assert "2023 Byte Blaze" in text
    await member.send(path, {**fields, "content": text})
    assert (await member.get(f"{CLOCK}/-/raw/main/LICENSE")).startswith("Apache License, Version 2.0")


async def test_a_project_offers_the_files_that_it_lacks(member: Visitor) -> None:
    await member.get(f"{CLOCK}/-/delete/main/CONTRIBUTING.md")
    await member.post(f"{CLOCK}/-/delete/main/CONTRIBUTING.md")
    await member.get(CLOCK)
    assert f'href="{CLOCK}/-/new/main?file_name=CONTRIBUTING.md"' in member.html
    assert 'value="CONTRIBUTING.md"' in await member.get(f"{CLOCK}/-/new/main?file_name=CONTRIBUTING.md")


async def test_the_first_branch_of_an_empty_project_becomes_its_default(member: Visitor) -> None:
    await member.get("/projects/new")
    await member.send("/projects", {"project[name]": "empty", "project[visibility]": "private"})
    await member.get("/byteblaze/empty/-/new/main")
    fields = {"path": "a.txt", "content": "a", "message": "Start", "branch": "trunk"}
    await member.send("/byteblaze/empty/-/new/main", fields)
    assert "a.txt" in (await member.get("/byteblaze/empty")).split('class="files"')[1]


async def test_a_commit_says_in_which_branches_and_tags_it_is(member: Visitor) -> None:
    first = member.database.value(
        "select sha from commits c join projects p on p.id = c.project_id where p.path = 'pebble-clock' order by c.id"
    )
    places = (await member.get(f"{CLOCK}/-/commit/{first}")).split('class="pairs"')[1].split("</dl>")[0]
    assert f'href="{CLOCK}/-/commits/main">main</a>' in places
    assert f'href="{CLOCK}/-/tree/v0.2.0">v0.2.0</a>' in places
    await commit_file(member, CLOCK, "late.txt", "late")
    last = member.database.value("select sha from commits order by id desc limit 1")
    places = (await member.get(f"{CLOCK}/-/commit/{last}")).split('class="pairs"')[1].split("</dl>")[0]
    assert "v0.2.0" not in places
    assert "dark-mode" not in places
