"""A worker: the actor of one node, which plays episodes with a browser and sites of its own, and sends what they do."""

import asyncio
import os
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from webarena_runner import __version__
from webarena_runner.errors import UsageError
from webarena_runner.extras import PACKAGE
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_result
from webarena_runner.running.cluster.common import Common, in_common
from webarena_runner.running.cluster.desk import RemoteDesk
from webarena_runner.running.cluster.kit import unpacked
from webarena_runner.running.cluster.living import Living
from webarena_runner.running.cluster.messages import Broke, Ended, Kit, Order, Stepped, Usage
from webarena_runner.running.cluster.shipment import Shipment, scratch_run
from webarena_runner.running.player import Player, open_player
from webarena_runner.types import EpisodeResult, Step


class Worker(Living[Mapping[str, str]]):
    """Plays at most `workers` episodes at once, as its driver gives them; `open` gives versions for the manifest."""

    def __init__(self, kit: Kit, workers: int, common: Common) -> None:
        super().__init__(kit)
        self._workers = workers
        self._common = common
        self._playing: dict[int, asyncio.Task[None]] = {}
        self._begun: set[int] = set()
        self._sent: set[str] = set()
        self._player: Player | None = None
        self._desk: RemoteDesk | None = None
        self._run = RunPaths(Path())

    @asynccontextmanager
    async def opened(self, folder: Path) -> AsyncIterator[Mapping[str, str]]:
        recipe = unpacked(self.kit, folder, workers=self._workers)
        self._run = scratch_run(recipe.folder)
        async with (
            in_common(self._common) as shared,
            open_player(recipe, os.environ, in_common=shared) as self._player,
        ):
            self._desk = shared.desk if isinstance(shared.desk, RemoteDesk) else None
            yield {**self._player.versions, PACKAGE: __version__}
            for episode in self._playing.values():
                episode.cancel()
            if self._playing:
                await asyncio.wait(self._playing.values())

    async def play(self, order: Order) -> bool:
        """Begins the attempt, and what comes of it is news; False: nothing is begun here any more.

        An order that comes again is one that arrived, whose answer did not.
        """
        if order.token not in self._begun:
            if self.closing.is_set():
                return False
            self._begun.add(order.token)
            self._playing[order.token] = asyncio.create_task(self._play(order))
        return True

    async def stop(self, token: int) -> None:
        """Its end is news too."""
        if token in self._playing:
            self._playing[token].cancel()

    async def _play(self, order: Order) -> None:
        try:
            self.outbox.put(Ended(order.token, await self._played(order)))
        except UsageError as error:
            self.outbox.put(Broke(order.token, str(error)))
        except Exception as error:  # noqa: BLE001 - a bug of ours has to be told, or the driver waits for ever
            self.outbox.put(Broke(order.token, "".join(traceback.format_exception(error))))
        finally:
            del self._playing[order.token]

    async def _played(self, order: Order) -> EpisodeResult | None:
        if self._player is None:
            raise RuntimeError("asked to play before it was open")
        attempt = order.attempt
        paths = self._run.episode(attempt.task_id, attempt.trial)
        shipment = Shipment(paths, order.token, self.outbox, self._sent)
        if self._desk and order.granted:
            self._desk.expect(attempt, order.granted)

        def on_step(step: Step) -> None:
            shipment.step(step.screenshot_file)
            self.outbox.put(Stepped(order.token, step.index, step.action_text, usage_of(step)))

        result: EpisodeResult | None
        try:
            result = await self._player.play(attempt, on_step=on_step)
        except asyncio.CancelledError:
            # It was stopped, and a score that was there before is kept. Whoever stopped it waits for this end.
            result = read_result(paths) if paths.result.is_file() else None
        await shipment.rest()
        return result


def usage_of(step: Step) -> Usage:
    reply = step.decision.completion
    if reply is None:
        return Usage()
    return Usage(reply.prompt_tokens, reply.completion_tokens, reply.cached_tokens, reply.cost_usd)
