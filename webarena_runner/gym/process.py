"""What the environments of one process share: an event loop in a thread, a browser, the sites."""

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from webarena_runner.errors import BrowserError
from webarena_runner.gym.play import Play
from webarena_runner.interfaces.environments import EnvironmentProvider
from webarena_runner.running.resources import open_environments
from webarena_runner.settings.records import RunSettings, SitesSpec
from webarena_runner.settings.resetting import Resetting
from webarena_runner.types import Task

T = TypeVar("T")
# Environments that agree in all other settings share a provider, which has the browser and the sites.
OWN_SETTINGS = {"profile", "limits", "seed"}


class LoopThread:
    """An event loop for callers that have none, or that run inside one of their own."""

    def __init__(self) -> None:
        self._started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        # A daemon, so that a process that forgets `close` ends; `SharedProviders` then closes at exit.
        self._thread = threading.Thread(target=self._main, name="webarena-gym", daemon=True)
        self._thread.start()
        self._loop, self._stop = self._started.result()

    def _main(self) -> None:
        # As `asyncio.run` does, except that no thread is started at the end: a process that exits refuses one.
        loop, threads = asyncio.new_event_loop(), ThreadPoolExecutor(thread_name_prefix="webarena-gym")
        loop.set_default_executor(threads)
        try:
            loop.run_until_complete(self._serve())
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            threads.shutdown()
            loop.close()

    async def _serve(self) -> None:
        stop = asyncio.Event()
        self._started.set_result((asyncio.get_running_loop(), stop))
        await stop.wait()
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in left:
                task.cancel()
            await asyncio.wait(left)

    @property
    def is_running(self) -> bool:
        """Not in a forked child, and no longer once all was closed at exit."""
        return self._thread.is_alive()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Its result; when the caller is interrupted, it is cancelled."""
        if not self.is_running:
            coroutine.close()
            raise BrowserError(
                "the environments' event loop is not running in this process: was the environment made before a fork? "
                "Make it in the process that uses it"
            )
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        finally:
            future.cancel()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


@dataclass
class _Opened:
    """A provider in use by `borrowers` environments; its task `holding` keeps it open until `done`."""

    provider: EnvironmentProvider
    done: asyncio.Event
    holding: asyncio.Task[None]
    plays: set[Play] = field(default_factory=set)
    borrowers: int = 0

    async def close(self) -> None:
        # Who plays takes its own out of there when it hears of the end.
        for play in tuple(self.plays):
            await play.leave()
        self.done.set()
        await self.holding


@dataclass(frozen=True)
class Borrowed:
    """A provider, and the event loop to run its episodes on."""

    key: str
    loop: LoopThread
    opened: _Opened

    async def start(self, settings: RunSettings, task: Task) -> Play:
        play = Play(self.opened.provider, settings, task)
        self.opened.plays.add(play)
        return play

    async def leave(self, play: Play) -> None:
        self.opened.plays.discard(play)
        await play.leave()


class SharedProviders:
    """Opens a provider for the first environment that needs it and closes it after the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _loop and _opened, and makes others wait for a provider that is opening
        self._loop: LoopThread | None = None
        self._opened: dict[str, _Opened] = {}

    def borrow(self, name: str, settings: RunSettings, where: SitesSpec, environ: Mapping[str, str]) -> Borrowed:
        """`name` is the environment plug-in. Raises UsageError when browser, sites or judge are not there."""
        key = name + settings.model_dump_json(exclude=OWN_SETTINGS) + where.model_dump_json()
        with self._lock:
            if self._loop is None:
                self._loop = LoopThread()
                atexit.register(self._close_all, os.getpid())
            try:
                if key not in self._opened:
                    self._opened[key] = self._loop.run(_open(name, settings, where, environ))
                opened = self._opened[key]
                opened.borrowers += 1
                return Borrowed(key, self._loop, opened)
            finally:
                self._stop_if_idle()

    def give_back(self, borrowed: Borrowed) -> None:
        with self._lock:
            borrowed.opened.borrowers -= 1
            if not borrowed.opened.borrowers and borrowed.key in self._opened:
                del self._opened[borrowed.key]
                borrowed.loop.run(borrowed.opened.close())
            self._stop_if_idle()

    def _stop_if_idle(self) -> None:
        if self._loop is not None and not self._opened:
            self._loop.close()
            self._loop = None
            atexit.unregister(self._close_all)

    def _close_all(self, pid: int) -> None:
        """At exit, for environments that were never closed; a forked child leaves its parent's alone."""
        if pid != os.getpid() or self._loop is None:
            return
        for opened in self._opened.values():
            self._loop.run(opened.close())
        self._opened.clear()
        self._stop_if_idle()


def shared_providers() -> SharedProviders:
    """Those of this process: a forked child starts its own."""
    return _providers_of(os.getpid())


@cache
def _providers_of(pid: int) -> SharedProviders:
    return SharedProviders()


async def _open(name: str, settings: RunSettings, where: SitesSpec, environ: Mapping[str, str]) -> _Opened:
    # One task enters and leaves the provider, since it is left from another call than it was entered in.
    opening: asyncio.Future[EnvironmentProvider] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def hold() -> None:
        async with open_environments(
            settings,
            where,
            environ,
            name=name,
            lossless_screenshots=True,
            resetting=Resetting(settings.reset or "never"),
        ) as provider:
            opening.set_result(provider)
            await done.wait()

    holding = asyncio.create_task(hold())
    either: set[asyncio.Future[Any]] = {opening, holding}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not opening.done():
            holding.cancel()
            await asyncio.wait({holding})
    if not opening.done():
        await holding
    return _Opened(opening.result(), done, holding)
