"""The pool of copies: waiting for a turn, resets that are due, and copies that are gone."""

import asyncio
from collections.abc import Sequence

import pytest

from webarena_runner.errors import SiteError
from webarena_runner.sites.allocation import Allocation, Grant, Place, Request
from webarena_runner.sites.pool import Pool

READS, WRITES = Request(("reddit",)), Request(("reddit",), writes=True)
SITES = ("reddit", "gitlab", "map")


def pool_of(*instances: str) -> Pool:
    return Pool(Allocation({name: SITES for name in instances}))


class Resets:
    """What a pool has reset, each when the test lets it; `failing` is why they fail."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, tuple[str, ...]]] = []
        self.may_end = asyncio.Event()
        self.failing = ""

    async def __call__(self, instance: str, sites: Sequence[str], why: str) -> str:
        self.begun.append((instance, tuple(sorted(sites))))
        await self.may_end.wait()
        return self.failing

    def pool(self, *instances: str, whole: bool = False) -> Pool:
        """One that resets what was written to."""
        rules = Allocation(
            {name: SITES for name in instances},
            needs_reset=lambda _instance, _site, _tasks, written: written,
            together=lambda place: ("reddit", "gitlab") if whole else (place.site,),
        )
        return Pool(rules, reset=self)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_waits_gets_its_turn_when_another_is_done() -> None:
    pool = pool_of("1")
    first = await pool.acquire(WRITES)
    assert not pool.ready(READS)
    waiting = asyncio.create_task(pool.acquire(READS))
    await turns()
    assert not waiting.done()
    await pool.release(first)
    assert (await waiting).instance == "1"


async def test_a_turn_that_nobody_takes_any_more_goes_to_the_next() -> None:
    pool = pool_of("1")
    first = await pool.acquire(WRITES)
    gone, waiting = (asyncio.create_task(pool.acquire(WRITES)) for _ in range(2))
    await turns()
    # It is cancelled in the moment in which it is given its turn.
    await pool.release(first)
    gone.cancel()
    assert isinstance(await asyncio.wait_for(waiting, 1), Grant)


async def test_a_look_at_a_queue_is_behind_who_waits_already() -> None:
    pool = pool_of("1")
    first = await pool.acquire(READS)
    waiting = asyncio.create_task(pool.acquire(WRITES))
    await turns()
    await pool.release(await pool.acquire(READS))
    assert pool.look().take(READS) is None
    await pool.release(first)
    await waiting


async def test_what_was_written_to_is_reset_when_somebody_wants_it_and_nobody_waits_with_a_worker() -> None:
    resets = Resets()
    async with resets.pool("1") as pool:
        await pool.release(await pool.acquire(WRITES))
        await turns()
        assert resets.begun == [], "nobody wants it"
        changed = pool.changed()
        assert pool.look().take(READS) is None
        await turns()
        assert resets.begun == [("1", ("reddit",))]
        assert pool.look().take(Request(("gitlab",))) is not None, "the others go on"
        resets.may_end.set()
        await changed
        assert pool.look().take(READS) is not None


async def test_a_reset_of_a_whole_instance_waits_until_nobody_uses_any_of_it() -> None:
    resets = Resets()
    async with resets.pool("1", whole=True) as pool:
        other = await pool.acquire(Request(("gitlab",)))
        await pool.release(await pool.acquire(WRITES))
        waiting = asyncio.create_task(pool.acquire(READS))
        await turns()
        assert resets.begun == []
        assert pool.look().take(Request(("gitlab",))) is None
        await pool.release(other)
        await turns()
        assert resets.begun == [("1", ("gitlab", "reddit"))]
        resets.may_end.set()
        await waiting


async def test_a_copy_that_cannot_be_reset_leaves_the_pool_and_the_others_stay() -> None:
    resets = Resets()
    resets.failing = "no answer within 600 s"
    resets.may_end.set()
    async with resets.pool("1", "2") as pool:
        await pool.release(await pool.acquire(WRITES))
        held = await pool.acquire(WRITES)
        assert (held.instance, pool.hopeless(READS)) == ("2", "")
        waiting = asyncio.create_task(pool.acquire(WRITES))
        await turns()
        assert not waiting.done()
        await pool.release(held)
        with pytest.raises(SiteError, match=r"reddit of instance 1: it could not be reset: no answer within 600 s"):
            await waiting
        assert "reddit of instance 2: it could not be reset" in pool.hopeless(READS)
        assert pool.hopeless(Request(("gitlab",))) == ""


async def test_what_is_suspended_is_waited_for_until_it_is_given_up() -> None:
    pool = pool_of("1")
    pool.suspend("1", "reddit", "it is down")
    assert (pool.hopeless(READS), pool.look().take(READS)) == ("", None)
    waiting = [asyncio.create_task(pool.acquire(READS)) for _ in range(2)]
    await turns()
    pool.resume("1", "reddit")
    for each in waiting:
        await each
    pool.suspend("1", "reddit", "it is down again", for_good=True)
    with pytest.raises(SiteError, match="reddit of instance 1: it is down again"):
        await pool.acquire(READS)


async def test_a_site_that_no_instance_has_is_an_error() -> None:
    with pytest.raises(SiteError, match="no instance has all of shopping"):
        await pool_of("1").acquire(Request(("shopping",)))


async def test_a_reader_that_writes_leaves_its_site_written_to() -> None:
    pool = pool_of("1")
    writes, reads = await pool.acquire(READS), await pool.acquire(READS)
    pool.wrote(writes, "reddit")
    assert reads.disturbed == {"reddit"}
    await pool.release(writes)
    assert pool.allocation.uses[Place("1", "reddit")].written


async def test_leaving_the_pool_ends_its_resets() -> None:
    resets = Resets()
    async with resets.pool("1") as pool:
        await pool.release(await pool.acquire(WRITES))
        pool.look().take(READS)
        await turns()
    assert resets.begun == [("1", ("reddit",))]


async def test_who_is_cancelled_while_another_gives_back_takes_no_turn_with_it() -> None:
    pool = pool_of("1")
    first = await pool.acquire(WRITES)
    gone = asyncio.create_task(pool.acquire(WRITES))
    await turns()
    gone.cancel()
    # Before the cancelled one has left.
    await pool.release(first)
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert pool.look().take(WRITES) is not None


async def test_a_reset_that_goes_wrong_in_itself_ends_the_waiting_for_it() -> None:
    async def broken(instance: str, sites: Sequence[str], why: str) -> str:
        raise OSError("no space left on device")

    rules = Allocation({"1": SITES}, needs_reset=lambda _instance, _site, tasks, _written: tasks is None)
    async with Pool(rules, reset=broken) as pool:
        with pytest.raises(OSError, match="no space left"):
            await asyncio.wait_for(pool.acquire(READS), 1)
        with pytest.raises(OSError, match="no space left"):
            await asyncio.wait_for(pool.changed(), 1)


async def test_two_resets_of_one_site_are_never_under_way_at_once() -> None:
    resets = Resets()
    async with resets.pool("1", whole=True) as pool:
        await pool.release(await pool.acquire(WRITES))
        async with pool.reset_elsewhere("1", ["gitlab"]):
            waiting = asyncio.create_task(pool.acquire(READS))
            await turns()
            assert resets.begun == []
        await turns()
        assert resets.begun == [("1", ("gitlab", "reddit"))]
        entering = asyncio.create_task(pool.reset_elsewhere("1", ["reddit"]).__aenter__())
        await turns()
        assert not entering.done()
        resets.may_end.set()
        await entering
        await waiting


async def test_what_was_lost_in_a_reset_is_back_after_one_that_succeeds() -> None:
    resets = Resets()
    resets.failing = "no answer within 600 s"
    resets.may_end.set()
    async with resets.pool("1", whole=True) as pool:
        await pool.release(await pool.acquire(WRITES))
        with pytest.raises(SiteError, match="it could not be reset"):
            await pool.acquire(READS)
        assert pool.hopeless(Request(("gitlab",))) != "", "it goes with the other"
        pool.was_reset("1", ["reddit", "gitlab"])
        assert (pool.hopeless(READS), pool.hopeless(Request(("gitlab",)))) == ("", "")
        assert (await pool.acquire(READS)).instance == "1"


async def test_a_site_that_is_down_is_not_back_for_being_reset() -> None:
    pool = pool_of("1")
    pool.suspend("1", "reddit", "it is down", for_good=True)
    pool.was_reset("1", ["reddit"])
    assert "it is down" in pool.hopeless(READS)
