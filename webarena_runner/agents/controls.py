"""Control agents: they know nothing, so whatever they pass says something about the tasks, not about a model."""

import json
import random
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from webarena_runner.interfaces import AgentSetup
from webarena_runner.official.notation import UNACHIEVABLE
from webarena_runner.types import Click, Decision, GoBack, Node, Observation, Step, Stop, Task

# Roles of the accessibility tree that a person would click on.
CLICKABLE = re.compile(
    r"(?:button|checkbox|combobox|link|listbox|menuitem|menuitemcheckbox|menuitemradio|option|radio|searchbox"
    r"|slider|spinbutton|switch|tab|textbox|treeitem)\b"
)


class _Control:
    """Plays any task, without a model."""

    needs_model: ClassVar[bool] = False
    draws: ClassVar[bool] = False
    takes_images: ClassVar[bool] = True

    @classmethod
    def build(cls, setup: AgentSetup) -> Self:
        return cls()

    def check_tasks(self, tasks: Sequence[Task]) -> None:
        """Takes any task."""


class DoNothing(_Control):
    """Stops at once, without an answer."""

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        return Decision(action=Stop(answer=""))


class AlwaysNotAchievable(_Control):
    """Says of every task that it cannot be done; right for those that cannot."""

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        return Decision(action=Stop(answer=UNACHIEVABLE))


class EchoIntent(_Control):
    """Gives the task back as its answer: passes where the question holds all that the check looks for."""

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        return Decision(action=Stop(answer=task.intent))


class _Report(_Control):
    """Gives at once the same report in WebArena-Verified's form, of whatever task."""

    task_type: ClassVar[str]
    status: ClassVar[str] = "SUCCESS"

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        report = {"task_type": self.task_type, "status": self.status, "retrieved_data": None, "error_details": None}
        return Decision(action=Stop(answer=json.dumps(report)))


class SayNotFound(_Report):
    """Reports of every task that what it is about is not there; right where nothing is to be found."""

    task_type, status = "RETRIEVE", "NOT_FOUND_ERROR"


class SayRetrieved(_Report):
    """Reports of every task that it has been retrieved, without any data."""

    task_type = "RETRIEVE"


class SayNavigated(_Report):
    """Reports of every task that its page is open; right where that is the page it began on."""

    task_type = "NAVIGATE"


class SayMutated(_Report):
    """Reports of every task that what it asks for has been done; right where no request is looked for."""

    task_type = "MUTATE"


class SayNotAllowed(_Report):
    """Reports of every task that the site has no way to do it."""

    task_type, status = "MUTATE", "ACTION_NOT_ALLOWED_ERROR"


class RandomClick(_Control):
    """Clicks on something in view until the step limit, goes back where there is nothing.

    The choice depends on seed, task, trial and step alone, so that a run can be repeated.
    """

    draws = True

    def __init__(self, *, seed: int = 0, viewport: tuple[int, int] = (1280, 720)) -> None:
        self._seed = seed
        self._viewport = viewport

    @classmethod
    def build(cls, setup: AgentSetup) -> Self:
        browser = setup.settings.browser
        return cls(seed=setup.settings.seed, viewport=(browser.viewport_width, browser.viewport_height))

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        choices = [element_id for element_id, node in now.nodes.items() if self._clickable(node)]
        if not choices:
            return Decision(action=GoBack(), note="nothing to click on")
        draw = random.Random(f"{self._seed} {task.task_set} {task.task_id} {trial} {len(history)}")
        return Decision(action=Click(element_id=draw.choice(choices)))

    def _clickable(self, node: Node) -> bool:
        if node.box is None or not CLICKABLE.match(node.line):
            return False
        x, y = node.box.x + node.box.width / 2, node.box.y + node.box.height / 2
        return 0 <= x < self._viewport[0] and 0 <= y < self._viewport[1]
