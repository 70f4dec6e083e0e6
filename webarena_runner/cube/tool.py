"""What an agent can do in an episode, as functions: the verbs of the id grammar."""

import json
import logging
from contextlib import suppress
from typing import Any, Self

from cube.core import STOP_ACTION, ActionSchema, AgentStop, Content, Observation, StepError
from cube.core import Action as CubeAction
from cube.tool import AbstractTool, ToolConfig

from webarena_runner.actions.tools import ActionTools, read_calls
from webarena_runner.errors import EpisodeError
from webarena_runner.gym.env import WebArenaEnv
from webarena_runner.settings.records import ActionSettings
from webarena_runner.types import Stop, TaskId, ToolCall

log = logging.getLogger(__name__)


class WebArenaToolConfig(ToolConfig):  # type: ignore[misc]
    """As the arguments of `gymnasium.make`; `assignments` are `-o` texts such as `judge.model=NAME`."""

    task_set: str = "mini"
    task_id: TaskId | None = None
    profile: str | None = None
    sites: str | None = None
    max_steps: int | None = None
    assignments: tuple[str, ...] = ()
    ignore_keys: tuple[str, ...] = ()
    screenshot: bool = False
    allow_modified: bool = False

    def make(self, container: Any = None) -> "WebArenaTool":
        """Browser and sites are started with the first, since clients wait 10 s for a reset."""
        return WebArenaTool(self)

    def of(self, task_set: str, task_id: TaskId) -> Self:
        copied: Self = self.model_copy(update={"task_set": task_set, "task_id": task_id})
        return copied

    def environment(self) -> WebArenaEnv:
        """Raises UsageError as `gymnasium.make` does."""
        return WebArenaEnv(
            self.task_set,
            self.task_id,
            profile=self.profile,
            sites=self.sites,
            max_steps=self.max_steps,
            assignments=self.assignments,
            ignore_keys=self.ignore_keys,
            screenshot=self.screenshot,
            allow_modified=self.allow_modified,
        )


class WebArenaTool(AbstractTool):  # type: ignore[misc]
    """One episode's browser context. What its infrastructure fails with is kept, for `WebArenaTask.evaluate`."""

    def __init__(self, config: WebArenaToolConfig) -> None:
        self._env = config.environment()
        self._env.start()
        self._shown: dict[str, Any] = {}
        self.failure: EpisodeError | None = None
        self.reward: float | None = None
        self.info: dict[str, Any] = {}

    def reset(self) -> None:
        """Raises EpisodeError when the episode cannot begin."""
        self.failure, self.reward, self.info = None, None, {}
        try:
            self._shown, _ = self._env.reset()
        except EpisodeError as error:
            self.failure = error
            raise

    @property
    def has_begun(self) -> bool:
        """Also of an episode that is over, or that could not begin."""
        return bool(self._shown) or self.is_over

    @property
    def is_over(self) -> bool:
        return self.reward is not None or self.failure is not None

    @property
    def action_set(self) -> list[Any]:
        return [*(ActionSchema(**function) for function in ActionTools().functions), STOP_ACTION]

    def execute_action(self, action: CubeAction) -> Any:
        """Raises AgentStop for `final_step`, which is a stop without an answer."""
        if self.is_over:
            return Observation.from_text("The episode is over.")
        if action.name == STOP_ACTION.name:
            self._act(Stop(answer=""))
            raise AgentStop
        call = ToolCall(name=action.name, arguments=json.dumps(action.arguments))
        return self._act(read_calls([call], ActionSettings()), action.id)

    def end(self) -> None:
        """An episode that is still under way ends as it is, without an answer."""
        if not self.is_over:
            self._act(Stop(answer=""))

    def close(self) -> None:
        self._env.close()

    def seen(self, call_id: str | None = None) -> Any:
        """The page, and why the last action did nothing."""
        if told := self._shown["last_action_error"]:
            told = f"The last action did nothing: {told}\n\n"
        texts = [Content.from_data(f"{told}{self._shown['text']}", tool_call_id=call_id)]
        if "screenshot" in self._shown:
            from PIL import Image

            texts.append(Content.from_data(Image.fromarray(self._shown["screenshot"])))
        return Observation(contents=texts)

    @property
    def intent(self) -> str:
        return str(self._shown["intent"])

    def _act(self, action: Any, call_id: str | None = None) -> Any:
        try:
            self._shown, reward, terminated, truncated, info = self._env.step(action)
        except EpisodeError as error:
            self.failure = error
            return StepError.from_exception(error).to_observation()
        if terminated or truncated:
            self.reward = reward
            self.info = {name: info[name] for name in ("ending", "answer", "scores")} | {"truncated": truncated}
        return self.seen(call_id)

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()
