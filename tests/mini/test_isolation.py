"""Leases: each has data of its own in every table of every site, and starts from the same state."""

import asyncio
import hashlib
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from webarena_mini.catalog import MODULES, load_site, snapshot_of
from webarena_mini.farm import Farm, FarmLease
from webarena_mini.kit.database import Database

SITES = list(MODULES)
State = dict[str, dict[str, str]]


@pytest.fixture
async def farm() -> AsyncIterator[Farm]:
    farm = Farm()
    yield farm
    await farm.close()


def tables(database: Database) -> dict[str, bool]:
    """Tables by name; True for a full-text index, whose data lies in further tables."""
    rows = database.all("select name, sql from sqlite_master where type = 'table' order by name")
    return {row["name"]: row["sql"].upper().startswith("CREATE VIRTUAL") for row in rows}


def contents(database: Database) -> dict[str, str]:
    """A digest of the rows of each table."""
    return {
        name: hashlib.sha256(repr([tuple(row) for row in database.all(f'select * from "{name}"')]).encode()).hexdigest()
        for name, is_index in tables(database).items()
        if not is_index
    }


def state(farm: Farm, lease: FarmLease) -> State:
    return {each.site.name: contents(each.database) for each in farm.instances(lease.lease_id)}


def dirty(database: Database) -> None:
    """Empties each table that has rows and writes one into the others; indexes lose all entries and their settings."""
    database.run("pragma foreign_keys = off")
    database.run("pragma ignore_check_constraints = on")
    indexes = [name for name, is_index in tables(database).items() if is_index]
    for name, is_index in tables(database).items():
        if is_index or name.startswith(tuple(f"{index}_" for index in indexes)):
            continue
        if database.value(f'select count(*) from "{name}"'):
            database.run(f'delete from "{name}"')
        else:
            columns = database.all(f'pragma table_info("{name}")')
            database.run(f'insert into "{name}" values ({", ".join("?" * len(columns))})', *(7 for _ in columns))
    for name in indexes:
        database.run(f"insert into {name} ({name}, rank) values ('pgsz', 999)")
        try:
            database.run(f"insert into {name} ({name}) values ('delete-all')")
        except sqlite3.OperationalError:  # an index that holds its texts itself has no such command
            database.run(f"delete from {name}")


@pytest.fixture(scope="module")
def first_state() -> State:
    found = {}
    for site in SITES:
        database = Database(load_site(site).snapshot())
        found[site] = contents(database)
        database.close()
    return found


async def test_a_lease_that_dirties_every_table_of_every_site_changes_nothing_for_its_neighbour(
    farm: Farm, first_state: State
) -> None:
    mine, neighbour = await farm.lease(SITES), await farm.lease(SITES)
    assert state(farm, neighbour) == first_state
    for each in farm.instances(mine.lease_id):
        dirty(each.database)
    unchanged = {
        (site, name)
        for site, found in state(farm, mine).items()
        for name in found
        if found[name] == first_state[site][name]
    }
    assert unchanged == set()
    assert state(farm, neighbour) == first_state

    farm.release(mine.lease_id)
    again = await farm.lease(SITES)
    assert again.urls == mine.urls
    assert state(farm, again) == first_state


async def test_a_reset_brings_back_every_table_of_every_site(farm: Farm, first_state: State) -> None:
    lease, neighbour = await farm.lease(SITES, SITES), await farm.lease(SITES, SITES)
    logged_in = state(farm, neighbour)
    for each in farm.instances(lease.lease_id):
        dirty(each.database)
    await farm.reset(lease.lease_id)
    assert state(farm, lease) == first_state
    assert state(farm, neighbour) == logged_in != first_state


async def test_what_a_visitor_does_is_seen_in_his_lease_only(farm: Farm) -> None:
    mine, neighbour = await farm.lease(["homepage"]), await farm.lease(["homepage"])
    page, other_page = (f"{lease.urls['homepage']}/scratchpad.html" for lease in (mine, neighbour))
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as visitor:
        token = re.search(r'name="token" value="([^"]+)"', (await visitor.get(page)).text)
        assert token
        await visitor.post(page, data={"token": token[1], "note": "only here"})
        assert "only here" in (await visitor.get(page)).text
        assert "only here" not in (await visitor.get(other_page)).text


async def test_data_is_exchanged_between_requests_never_within_one(farm: Farm) -> None:
    """The body of the first request comes in only while a reset is already asked for."""
    lease = await farm.lease(["reddit"])
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"token=x&username="
        arrived.set()
        await go_on.wait()
        yield b"late"

    async with httpx.AsyncClient(base_url=lease.urls["reddit"], trust_env=False) as visitor:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        posting = asyncio.create_task(visitor.post("/login", content=body(), headers=kind))
        await arrived.wait()
        await visitor.get("/forums")
        resetting = asyncio.create_task(farm.reset(lease.lease_id))
        await asyncio.sleep(0)
        reading = asyncio.create_task(visitor.get("/forums"))
        done, _ = await asyncio.wait([resetting, reading], timeout=0.2)
        assert done == set()
        go_on.set()
        assert (await posting).status_code == 403
        await resetting
        assert (await reading).status_code == 200


async def test_a_site_that_is_given_back_serves_nobody_until_it_is_leased_again(farm: Farm) -> None:
    lease = await farm.lease(["homepage"])
    async with httpx.AsyncClient(trust_env=False) as visitor:
        farm.release(lease.lease_id)
        assert (await visitor.get(lease.urls["homepage"])).status_code == 503
        again = await farm.lease(["homepage"])
        assert again.urls == lease.urls
        assert (await visitor.get(lease.urls["homepage"])).status_code == 200


async def test_an_endless_address_is_refused_by_every_site(farm: Farm) -> None:
    lease = await farm.lease(SITES)
    async with httpx.AsyncClient(trust_env=False) as visitor:
        answers = [await visitor.get(f"{url}/f/books/{'9' * 5000}") for url in lease.urls.values()]
    assert {answer.status_code for answer in answers} == {414}


def test_seed_data_is_kept_and_read_again(tmp_path: Path) -> None:
    built = snapshot_of("homepage", tmp_path)
    (kept,) = tmp_path.iterdir()
    assert kept.read_bytes() == built == load_site("homepage").snapshot()
    kept.rename(tmp_path / "homepage-0123456789abcdef.sqlite")
    snapshot_of.cache_clear()
    assert snapshot_of("homepage", tmp_path) == built
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]

    kept.write_bytes(b"what an earlier process left")
    snapshot_of.cache_clear()
    assert snapshot_of("homepage", tmp_path) == b"what an earlier process left"
    snapshot_of.cache_clear()


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    snapshot_of.cache_clear()
    assert snapshot_of("homepage", tmp_path / "file" / "below") == load_site("homepage").snapshot()
    snapshot_of.cache_clear()
