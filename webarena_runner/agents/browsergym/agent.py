"""Agents that were written for BrowserGym, AgentLab's among them: they see its observation and write its actions.

They keep their own history, so each episode has an agent of its own, in the process that has their packages.
"""

import asyncio
import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, Self

from webarena_runner.actions.browsergym_grammar import ActionSet, answer_after, parse_browsergym
from webarena_runner.agents.browsergym.process import AgentProcess
from webarena_runner.errors import BrowserError, ConfigError, ModelError, UsageError
from webarena_runner.interfaces import AgentSetup
from webarena_runner.types import Completion, Decision, Message, Observation, Step, Stop, Task

NAME = "browsergym"
PROFILE = "browsergym"
NO_ACTION = "the agent gave no action"
# Of episodes that ended by themselves, or by an error, nobody is told here; so many more than play are kept.
SPARE = 4
MOST_AT_ONCE = 64
_ROLES = ("system", "user", "assistant")


@dataclass
class _Playing:
    """What an episode's agent is told of what was before."""

    begun: float
    said: str = ""


class BrowserGymAgent:
    """`browsergym:MODULE.NAME` as the run's agent; its model is its own affair, and `--model` is not for it."""

    needs_model: ClassVar[bool] = False
    takes_argument: ClassVar[bool] = True
    note: ClassVar[str] = "asks its own model"

    def __init__(self, target: str, python: Path, *, max_steps: int = 1000, at_once: int = MOST_AT_ONCE) -> None:
        self._target = target
        self._python = python
        self._max_steps = max_steps
        self._at_once = at_once
        self._process: AgentProcess | None = None
        self._starting = asyncio.Lock()  # guards `_process`: episodes that begin at once would each start one
        self._episodes: dict[str, _Playing] = {}

    @classmethod
    def build(cls, setup: AgentSetup) -> Self:
        """Raises ConfigError when the agent is not named, or the run's pages are not looked at as BrowserGym does."""
        _, _, target = setup.settings.agent.partition(":")
        module, _, name = target.rpartition(".")
        if not (module and name):
            raise ConfigError(
                f"agent '{setup.settings.agent}': expected {NAME}:MODULE.NAME, an agent class or AgentLab's arguments "
                f"of one, such as {NAME}:agentlab.agents.generic_agent.AGENT_4o_MINI"
            )
        if NAME not in setup.settings.observation.observers:
            raise ConfigError(
                f"agent '{setup.settings.agent}' needs pages with BrowserGym's marks: use --profile {PROFILE}, or "
                f"-o 'observation.observers=[{NAME}]'"
            )
        python = setup.settings.agent_python or Path(sys.executable)
        if not python.exists():
            raise ConfigError(f"agent_python: {python} is not there; name the Python of an environment with {module}")
        limits, workers = setup.settings.limits, setup.settings.workers
        at_once = MOST_AT_ONCE if workers == "auto" else workers
        return cls(target, python, max_steps=limits.max_steps, at_once=at_once)

    def check_tasks(self, tasks: Sequence[Task]) -> None:
        """Takes any task without pictures of its own."""
        pictured = [task.task_id for task in tasks if task.images]
        if pictured:
            raise UsageError(f"agent '{NAME}': tasks with pictures are not given to it yet: {pictured[:5]}")

    async def __aenter__(self) -> Self:
        """Raises ConfigError when the agent cannot be made in its environment."""
        self._process = await AgentProcess.start(self._python, self._target)
        return self

    async def __aexit__(self, *exc: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.aclose()

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        """Raises ModelError when the agent fails, BrowserError when the page was not looked at for it."""
        name = f"{task.task_set} {task.task_id} {trial}"
        if history and (answer := answer_after(history[-1].decision.action)):
            await self._let_go(name)
            return Decision(action=answer, note="said by the action before")
        playing = await self._begun(name, history)
        process = await self._running(begins=not history)
        told = await process.ask(
            "act" if history else "begin",
            name,
            observation(task, now, said=playing.said, begun=playing.begun, greeting=process.ready.get("greeting", "")),
        )
        playing.said = str(told["action"] or "")
        decision = _decision(told)
        if isinstance(decision.action, Stop) or len(history) + 1 >= self._max_steps:
            await self._let_go(name)
        return decision

    async def _running(self, *, begins: bool) -> AgentProcess:
        """The process; for an episode that begins, another one where it has ended."""
        async with self._starting:
            if self._process is None:
                raise ModelError(f"agent {self._target}: its process has not been started")
            if begins and self._process.has_ended:
                await self._process.aclose()
                try:
                    self._process = await AgentProcess.start(self._python, self._target)
                except ConfigError as error:
                    # It could be made when the run began, so that the settings are not to blame.
                    raise ModelError(str(error)) from error
            return self._process

    async def _begun(self, name: str, history: Sequence[Step]) -> _Playing:
        if not history:
            self._episodes.pop(name, None)
            for left in list(self._episodes)[: -(self._at_once + SPARE)]:
                await self._let_go(left)
        return self._episodes.setdefault(name, _Playing(monotonic()))

    async def _let_go(self, name: str) -> None:
        """Of an episode that has ended: its agent, with all that it has seen."""
        self._episodes.pop(name, None)
        if self._process is not None:
            await self._process.end(name)


def observation(task: Task, now: Observation, *, said: str, begun: float, greeting: str) -> dict[str, Any]:
    """BrowserGym's observation as JSON. Raises BrowserError when the page was not looked at for it."""
    seen = now.extras.get(NAME)
    if seen is None:
        raise BrowserError(f"{now.url}: the page was not looked at as BrowserGym's agents need it")
    chat = [("assistant", greeting)] if greeting else []
    return {
        **seen,
        "screenshot": b64encode(seen["screenshot"]).decode("ascii"),
        "chat_messages": [
            {"role": role, "timestamp": begun, "message": text} for role, text in (*chat, ("user", task.intent))
        ],
        "goal": task.intent,
        "goal_object": [{"type": "text", "text": task.intent}],
        "open_pages_titles": list(now.tabs),
        "url": seen["open_pages_urls"][seen["active_page_index"]],
        "last_action": said,
        "last_action_error": now.action_error,
        "elapsed_time": monotonic() - begun,
    }


def _decision(told: Mapping[str, Any]) -> Decision:
    """What the agent said, and what it cost, as the log has it."""
    said = [Message(role=each["role"], content=each["content"]) for each in told["messages"] if each["role"] in _ROLES]
    replies = [message.content for message in said if message.role == "assistant"]
    stats = told["stats"]
    completion = Completion(
        text=replies[-1] if replies else str(told["action"] or ""),
        prompt_tokens=int(stats.get("input_tokens", 0)),
        completion_tokens=int(stats.get("output_tokens", 0)),
        latency_s=float(told["seconds"]),
        retries=int(stats.get("n_retry", 0)),
        cost_usd=stats.get("cost") or None,
    )
    asked = tuple(said[:-1] if said and said[-1].role == "assistant" else said)
    if told["action"] is None:
        # AgentLab ends the episode then.
        return Decision(action=Stop(answer=""), messages=asked, completion=completion, note=NO_ACTION)
    action = parse_browsergym(str(told["action"]), ActionSet(**told.get("actions", {})))
    return Decision(action=action, messages=asked, completion=completion)
