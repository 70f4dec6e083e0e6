"""Which pictures of an episode's pages are in its log when it has ended (`--screenshots`)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.run.test_executor import a_task
from webarena_runner.interfaces.environments import EpisodeNotes
from webarena_runner.interfaces.execution import Attempt
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_last_page, read_results, read_steps
from webarena_runner.log.writing import EpisodeFolders
from webarena_runner.running.episode import Harness
from webarena_runner.running.player import Player
from webarena_runner.settings.records import BrowserSettings, LimitSettings, RunSettings
from webarena_runner.types import Action, Decision, Observation, Score, Scroll, Step, Task

# What the page looks like at each look; the last one is that of no step, since the limit ends the episode before.
LOOKS = (b"one", b"one", b"two", b"one", b"three")


class Page:
    url = "http://127.0.0.1/"

    def __init__(self, value: float) -> None:
        self._looks = iter(LOOKS)
        self._value = value

    async def observe(self) -> Observation:
        return Observation(url=self.url, tabs=("Home",), text="[1] link 'Home'", screenshot=next(self._looks))

    async def step(self, action: Action) -> Observation:
        return await self.observe()

    async def score(self, answer: str) -> tuple[float, tuple[Score, ...]]:
        return self._value, ()


class Pages:
    """Environments without a browser, whose episodes end with this value."""

    versions: Mapping[str, str] = {}

    def __init__(self, value: float) -> None:
        self._value = value

    @asynccontextmanager
    async def episode(self, task: Task, *, trial: int, notes: EpisodeNotes) -> AsyncIterator[Page]:
        yield Page(self._value)


class Scrolling:
    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        return Decision(action=Scroll(direction="down" if len(history) % 2 else "up"))

    def check_tasks(self, tasks: Sequence[Task]) -> None: ...


@pytest.mark.parametrize(
    ("how", "value", "of_steps", "files"),
    [
        ("every", 1.0, (0, 1, 2, 3), 5),
        ("changed", 1.0, (0, 0, 2, 3), 4),
        ("failed", 0.0, (0, 1, 2, 3), 5),
        ("failed", 1.0, (None, None, None, None), 0),
    ],
)
async def test_what_is_kept(
    tmp_path: Path, how: str, value: float, of_steps: tuple[int | None, ...], files: int
) -> None:
    for name in ("episodes", "attempts", "texts"):
        (tmp_path / name).mkdir()
    settings = RunSettings(
        profile="", browser=BrowserSettings.model_validate({"screenshots": how}), limits=LimitSettings(max_steps=4)
    )
    player = Player(
        Harness(settings, Scrolling(), Pages(value)), {1: a_task(1)}, EpisodeFolders(tmp_path), model_facts={}
    )
    await player.play(Attempt(1, 0))
    assert read_results(tmp_path)[1, 0].value == value
    folder = RunPaths(tmp_path).episode(1, 0).folder
    steps, last = list(read_steps(folder)), read_last_page(folder)
    assert last is not None
    named = [each.screenshot_file for each in (*steps, last)]
    assert named[:-1] == [None if index is None else f"step-{index:03d}.jpeg" for index in of_steps]
    there = {path.name: path.read_bytes() for path in folder.glob("*.jpeg")}
    assert len(there) == files
    assert all(there[name] == look for name, look in zip(named, LOOKS, strict=True) if name)
    assert [step.observation.text for step in steps] == ["[1] link 'Home'"] * 4
