"""Environments of other packages, in programs that another Python runs; a plug-in's class is made from `Served`."""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, Self

from webarena_runner.environments import side
from webarena_runner.environments.program import Program
from webarena_runner.environments.wire import Begun, Ended, Scored, Seen
from webarena_runner.errors import ConfigError, EnvironmentGone, EpisodeError
from webarena_runner.interfaces.environments import EnvironmentSetup, EpisodeNotes
from webarena_runner.settings.records import RunSettings
from webarena_runner.types import Action, CallTool, Invalid, Observation, Score, Task

# What any program may need of the run's own environment, which has keys that are none of its business.
_ENVIRON = ("PATH", "HOME", "TMPDIR", "LANG", "SYSTEMROOT")


class ServedEpisode:
    """One episode in a program."""

    def __init__(self, program: Program, begun: Begun, *, name: str, task: Task) -> None:
        self._program = program
        self._name = name
        self.url = f"{name}:{task.task_id}"
        self.is_over = False
        self._seen = Observation(url=self.url, tabs=(), text=begun.text)

    async def observe(self) -> Observation:
        return self._seen

    async def step(self, action: Action) -> Observation:
        """Raises EpisodeError when the program fails."""
        if not isinstance(action, CallTool):
            reason = action.reason if isinstance(action, Invalid) else f"there is no '{action.kind}' here"
            return self._seen.model_copy(update={"action_error": reason, "timings_ms": {}})
        clock = monotonic()
        seen = await self._program.ask("call", {"name": action.name, "arguments": action.arguments}, Seen)
        self.is_over = seen.over
        spent_ms = {"execute": 1000 * (monotonic() - clock)}
        self._seen = Observation(url=self.url, tabs=(), text=seen.text, action_error=seen.error, timings_ms=spent_ms)
        return self._seen

    async def score(self, answer: str) -> tuple[float, tuple[Score, ...]]:
        """Raises EpisodeError when the program fails, so that there is no score."""
        scored = await self._program.ask("score", {"answer": answer}, Scored)
        score = Score(
            evaluator=self._name, value=scored.value, explanation=scored.explanation, evidence=scored.evidence
        )
        return scored.value, (score,)


class Served:
    """Programs for the episodes of a worker: as many as there are at once, each for one after the other.

    `program` is a file with the class `world`, for `environment.python` to run; it imports nothing of the runner. What
    is written otherwise has another `command`. `environ` are names of variables that the program is given besides.
    """

    name: ClassVar[str]
    program: ClassVar[Path]
    world: ClassVar[str] = "World"
    environ: ClassVar[tuple[str, ...]] = ()
    offers_tools: ClassVar[bool] = True

    def __init__(self, settings: RunSettings, command: list[str], environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._command = command
        self._environ = environ
        self._idle: list[Program] = []
        self._playing: set[Program] = set()
        self._versions: Mapping[str, str] = {}

    @classmethod
    def command(cls, python: Path) -> list[str]:
        return [str(python), side.__file__, str(cls.program), cls.world]

    @classmethod
    def check_tasks(cls, tasks: Sequence[Task], settings: RunSettings) -> None:
        """Takes any task. Raises ConfigError when the Python that is named is not there."""
        cls._python(settings)

    @classmethod
    def _python(cls, settings: RunSettings) -> Path:
        chosen = settings.environment.python
        if chosen is not None and not chosen.is_file():
            raise ConfigError(
                f"environment.python: {chosen} is not there; name the Python of an environment that has the packages "
                f"of '{cls.name}', such as -o environment.python=venv/bin/python"
            )
        # The launcher of a virtual environment is a link, and is only that under its own name.
        return (chosen or Path(sys.executable)).absolute()

    @classmethod
    @asynccontextmanager
    async def open(cls, setup: EnvironmentSetup) -> AsyncIterator[Self]:
        """Raises ConfigError when the program does not get ready."""
        python = cls._python(setup.settings)
        names = (*_ENVIRON, *cls.environ)
        environ = {name: setup.environ[name] for name in names if name in setup.environ} | {"PYTHONUNBUFFERED": "1"}
        opened = cls(setup.settings, cls.command(python), environ)
        try:
            first = await opened._started()
        except EpisodeError as error:
            raise ConfigError(
                f"{error}; it is run by {python}, which has to have the packages of '{cls.name}': name another Python "
                "by -o environment.python=PATH"
            ) from error
        opened._idle.append(first)
        opened._versions = first.ready.versions
        try:
            yield opened
        finally:
            for program in opened._idle:
                await program.aclose()
            # Of episodes that did not let themselves be ended.
            for program in opened._playing:
                await program.kill()

    @property
    def versions(self) -> Mapping[str, str]:
        return self._versions

    @asynccontextmanager
    async def episode(self, task: Task, *, trial: int, notes: EpisodeNotes) -> AsyncIterator[ServedEpisode]:
        """Each trial has a seed of its own, that of the run and one more for each. Raises EpisodeError."""
        asked = {"task_id": task.task_id, "record": task.raw, "seed": self._settings.seed + trial}
        program, begun = await self._begun(asked, notes)
        self._playing.add(program)
        try:
            notes.tools, notes.intent = begun.tools, begun.intent
            yield ServedEpisode(program, begun, name=self.name, task=task)
            await program.ask("end", {}, Ended)
        except BaseException:
            # Nobody knows what it is at now.
            await program.kill()
            raise
        finally:
            self._playing.discard(program)
        self._idle.append(program)

    async def _begun(self, asked: Mapping[str, Any], notes: EpisodeNotes) -> tuple[Program, Begun]:
        """In one that has played before, if there is one that lives: one that is gone says so when it is asked."""
        while True:
            with notes.timed("program"):
                has_played = bool(self._idle)
                program = self._idle.pop() if has_played else await self._started()
            try:
                with notes.timed("begin"):
                    return program, await program.ask("begin", asked, Begun)
            except EnvironmentGone:
                await program.kill()
                if not has_played:
                    raise
            except BaseException:
                await program.kill()
                raise

    async def _started(self) -> Program:
        return await Program.start(self._command, self._environ, name=self.name, settings=self._settings.environment)
