"""The driver's side of the workers: gives them attempts, takes their news, and replaces those that are lost."""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from webarena_runner import __version__
from webarena_runner.errors import ConfigError, StoreError, UsageError
from webarena_runner.extras import PACKAGE
from webarena_runner.interfaces.execution import Attempt
from webarena_runner.running.cluster.common import Common
from webarena_runner.running.cluster.connecting import Cluster, Node
from webarena_runner.running.cluster.following import TRY_AGAIN_S, Loss, follow
from webarena_runner.running.cluster.hosts import opened
from webarena_runner.running.cluster.ledger import Entry, Ledger, lost_result
from webarena_runner.running.cluster.messages import (
    Broke,
    Ended,
    Granted,
    Kit,
    Logged,
    News,
    Order,
    Piece,
    SharedText,
    Stepped,
)
from webarena_runner.running.cluster.worker import Worker
from webarena_runner.types import EpisodeResult, Task, TaskId

log = logging.getLogger(__name__)
OPEN_LIMIT_S = 300.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
DRAIN_LIMIT_S = 90.0
CLOSE_LIMIT_S = 30.0


@dataclass(eq=False)
class Member:
    """One worker, which plays at most `share` episodes at once; `lost` is why it plays none any more."""

    node: Node
    share: int
    actor: Any
    versions: Mapping[str, str]
    playing: dict[int, Entry] = field(default_factory=dict)
    lost: str = ""

    @property
    def room(self) -> int:
        return 0 if self.lost else self.share - len(self.playing)


@dataclass(eq=False)
class Seat:
    """A share of the run's episodes, for one node at a time."""

    share: int
    member: Member | None = None


class Crew:
    """A worker for each seat. What ends an attempt is in `take_ended`, what ends the run in `failure`.

    `on_loss` is told of the grant of an attempt whose node was lost, and whether it certainly does nothing any more.
    """

    def __init__(
        self, cluster: Cluster, kit: Kit, common: Common, tasks: Mapping[TaskId, Task], ledger: Ledger
    ) -> None:
        self._cluster = cluster
        self._kit = kit
        self._common = common
        self._tasks = tasks
        self._ledger = ledger
        self._seats: list[Seat] = []
        self._jobs: set[asyncio.Task[Any]] = set()
        self._ended: deque[tuple[Attempt, EpisodeResult]] = deque()
        self._opening: set[str] = set()
        self._stopping = False
        self.happened = asyncio.Event()
        self.failure: Exception | None = None
        self.forfeited: deque[tuple[Granted, bool]] = deque()

    async def start(self, nodes: Mapping[str, Node], shares: Mapping[str, int]) -> None:
        """Raises ConfigError when a node refuses, or none can be had: Ray lists some for a while that are gone."""
        from ray.exceptions import RayError

        self._seats = [Seat(share) for share in shares.values()]
        opening = [self._open(nodes[node], share) for node, share in shares.items()]
        opened_all = await asyncio.gather(*opening, return_exceptions=True)
        for seat, found in zip(self._seats, opened_all, strict=True):
            if isinstance(found, Member):
                seat.member = found
        for found in opened_all:
            if isinstance(found, RayError):
                log.warning("a node of the cluster was lost at the start: %s", type(found).__name__)
            elif isinstance(found, BaseException):
                raise found
        if not self.members:
            raise ConfigError("no node of the cluster could be had; `ray status` shows which there are")
        for seat in self._seats:
            self._start(self._keep(seat))

    @property
    def members(self) -> list[Member]:
        return [seat.member for seat in self._seats if seat.member and not seat.member.lost]

    @property
    def playing(self) -> int:
        """Attempts that are under way, or whose result is not yet given out."""
        return sum(len(member.playing) for member in self.members) + len(self._ended) + self._storing

    @property
    def _storing(self) -> int:
        return sum(job.get_name() == _STORING for job in self._jobs)

    @property
    def room(self) -> int:
        """How many attempts more can begin."""
        return sum(member.room for member in self.members)

    def begin(self, attempt: Attempt, *, slot: int, granted: Granted | None = None) -> None:
        """Where there is most room for it; there has to be some. Raises StoreError."""
        member = max(self.members, key=lambda member: member.room / member.share)
        entry = self._ledger.begin(attempt, slot=slot, granted=granted)
        member.playing[entry.token] = entry
        self._start(self._send(member, Order(entry.token, attempt, slot, granted)))

    def take_ended(self) -> list[tuple[Attempt, EpisodeResult]]:
        """Attempts that have ended since the last call, each with its result, which is in the run folder.

        Raises:
            UsageError: what ends the run.
        """
        if self.failure:
            raise self.failure
        found, self._ended = list(self._ended), deque()
        return found

    async def drain(self) -> None:
        """Stops all attempts; results that were there before are in the run folder then."""
        self._stopping = True
        for member in self.members:
            for token in member.playing:
                self._start(_unless_lost(member.actor.stop.remote(token)))
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_LIMIT_S):
                while any(member.playing for member in self.members) or self._storing:
                    self.happened.clear()
                    await self.happened.wait()

    async def close(self) -> None:
        """Ends the workers with their browsers."""
        self._stopping = True
        members = self.members
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await asyncio.gather(*(_unless_lost(member.actor.close.remote()) for member in members))
        for job in (jobs := tuple(self._jobs)):
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        for member in members:
            await self._cluster.kill(member.actor)

    async def _keep(self, seat: Seat) -> None:
        """A worker on the seat, a new one when it is lost."""
        pause_s = FIRST_PAUSE_S
        while True:
            if seat.member:
                member, pause_s = seat.member, FIRST_PAUSE_S
                loss = await follow(member.actor, partial(self._take, member))
                self._lose(member, loss)
                await self._cluster.kill(member.actor)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            seat.member = await self._another(seat)
            self.happened.set()

    async def _another(self, seat: Seat) -> Member | None:
        """On a node that has none; None: there is no such node, or it does not take one."""
        from ray.exceptions import RayError

        nodes = await self._cluster.nodes()
        taken = {member.node.node_id for member in self.members} | self._opening
        node = next((node for node in nodes if node.node_id not in taken), None)
        if node is None:
            return None
        self._opening.add(node.node_id)
        try:
            member = await self._open(node, seat.share)
        except (RayError, ConfigError) as error:
            log.warning("%s: no worker: %s", node.name, error)
            return None
        finally:
            self._opening.discard(node.node_id)
        log.info("%s: a worker for %d episodes at once, in place of one that was lost", node.name, seat.share)
        return member

    async def _open(self, node: Node, share: int) -> Member:
        actor = self._cluster.actor(Worker, self._kit, share, self._common, node=node.node_id)
        try:
            versions = await opened(actor, what=node.name, limit_s=OPEN_LIMIT_S)
            if (there := versions[PACKAGE]) != __version__:
                raise ConfigError(
                    f"{node.name} has {PACKAGE} {there}, and this machine {__version__}; install the same"
                )
        except BaseException:
            await self._cluster.kill(actor)
            raise
        return Member(node, share, actor, versions)

    async def _send(self, member: Member, order: Order) -> None:
        """Until it has arrived: an order that comes twice is carried out once."""
        from ray.exceptions import RayError

        while not member.lost:
            try:
                if not await asyncio.wrap_future(member.actor.play.remote(order).future()):
                    self._lose(member, Loss("it had given up, since nobody had asked it for news", dead=False))
                return
            except (RayError, ConnectionError):
                await asyncio.sleep(TRY_AGAIN_S)

    def _take(self, member: Member, news: News) -> None:
        try:
            self._take_in(member, news)
        except StoreError as error:
            self._fail(error)

    def _take_in(self, member: Member, news: News) -> None:
        match news:
            case Piece() | SharedText() | Stepped():
                self._ledger.take(news)
            case Ended():
                self._end(member, news)
            case Broke(token=token, message=message):
                member.playing.pop(token, None)
                self._fail(UsageError(f"{member.node.name}: {message}"))
            case Logged(level=level, name=name, text=text):
                logging.getLogger(name).log(level, "%s: %s", member.node.name, text)

    def _end(self, member: Member, ended: Ended) -> None:
        member.playing.pop(ended.token, None)
        closed = self._ledger.close(ended)
        if closed is None:
            return
        entry, result = closed
        if result is None and not self._stopping:
            result = lost_result(entry, self._task(entry), "its worker has ended it")
        if result is not None:
            self._start(self._store(entry.attempt, result), name=_STORING)
        self.happened.set()

    def _lose(self, member: Member, loss: Loss) -> None:
        """Its attempts are to be played again, and it can write nothing more."""
        if member.lost:
            return
        member.lost = loss.why
        log.warning("%s is lost with %d episodes: %s", member.node.name, len(member.playing), loss.why)
        for entry in member.playing.values():
            if entry.granted:
                self.forfeited.append((entry.granted, loss.dead))
            if result := self._ledger.lose(entry, self._task(entry), f"{member.node.name} was lost: {loss.why}"):
                self._start(self._store(entry.attempt, result), name=_STORING)
        member.playing.clear()
        self.happened.set()

    async def _store(self, attempt: Attempt, result: EpisodeResult) -> None:
        """Off the event loop, since a disk takes its time."""
        try:
            await asyncio.to_thread(self._ledger.put, result)
        except StoreError as error:
            self._fail(error)
        else:
            self._ended.append((attempt, result))
        self.happened.set()

    def _fail(self, error: Exception) -> None:
        self.failure = self.failure or error
        self.happened.set()

    def _task(self, entry: Entry) -> Task:
        return self._tasks[entry.attempt.task_id]

    def _start(self, job: Any, *, name: str | None = None) -> None:
        task = asyncio.create_task(job, name=name)
        self._jobs.add(task)
        task.add_done_callback(self._done)

    def _done(self, job: "asyncio.Task[Any]") -> None:
        self._jobs.discard(job)
        if not job.cancelled() and (error := job.exception()):
            self._fail(error if isinstance(error, Exception) else RuntimeError(str(error)))
        self.happened.set()


_STORING = "storing"


async def _unless_lost(call: Any) -> None:
    from ray.exceptions import RayError

    with suppress(RayError, ConnectionError):
        await asyncio.wrap_future(call.future())
