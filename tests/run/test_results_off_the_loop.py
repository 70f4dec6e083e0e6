"""Results wait for the disk beside the event loop, and are there although the run is cancelled meanwhile."""

import asyncio
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.run.test_executor import Asking, Pages, a_task
from webarena_runner.interfaces.execution import Attempt
from webarena_runner.log.reading import read_results
from webarena_runner.log.writing import EpisodeFolders
from webarena_runner.running.episode import Harness
from webarena_runner.running.player import Player
from webarena_runner.settings.records import RunSettings
from webarena_runner.types import Decision, EpisodeResult, Message, Stop

LIMIT_S = 20
RESULT = "result.json"
SHARED = "what many steps have in common " * 20


@dataclass
class SlowDisk(EpisodeFolders):
    """Takes a result when the event loop lets it."""

    began: threading.Event = field(default_factory=threading.Event)
    let: threading.Event = field(default_factory=threading.Event)

    def put(self, result: EpisodeResult) -> None:
        self.began.set()
        assert self.let.wait(LIMIT_S), "the event loop stood still meanwhile"
        super().put(result)


class Saying(Asking):
    """An agent whose prompts have a long text that many steps share."""

    async def act(self, *given: Any, **more: Any) -> Decision:
        decided = await super().act(*given, **more)
        return decided.model_copy(update={"messages": (Message(role="user", content=SHARED),)})


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_result_waits_for_the_disk_and_nobody_waits_for_it(tmp_path: Path, *, cancelled: bool) -> None:
    for name in ("episodes", "attempts", "texts"):
        (tmp_path / name).mkdir()
    disk = SlowDisk(tmp_path)
    harness = Harness(RunSettings(profile=""), Asking({1: Stop(answer="")}), Pages())
    player = Player(harness, {1: a_task(1)}, disk, model_facts={})
    playing = asyncio.create_task(player.play(Attempt(1, 0)))
    assert await asyncio.to_thread(disk.began.wait, LIMIT_S)
    if cancelled:
        playing.cancel()
    asyncio.get_running_loop().call_soon(disk.let.set)
    await asyncio.wait([playing])
    assert playing.cancelled() is cancelled
    assert read_results(tmp_path)[1, 0].value == 1.0


async def test_no_step_waits_for_the_disk_and_a_result_waits_for_what_its_steps_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("episodes", "attempts", "texts"):
        (tmp_path / name).mkdir()
    waited: list[tuple[str, bool]] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        name = RESULT if RESULT in path.name else path.suffix
        waited.append((name, threading.current_thread() is threading.main_thread()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    player = Player(
        Harness(RunSettings(profile=""), Saying({1: Stop(answer="")}), Pages()),
        {1: a_task(1)},
        EpisodeFolders(tmp_path),
        model_facts={},
    )
    await player.play(Attempt(1, 0))
    assert waited == [(".txt", False), (RESULT, False)], "the text is on the disk before the result that it belongs to"
    (text,) = (tmp_path / "texts").iterdir()
    assert text.read_text() == SHARED
