"""Plays a task's reference actions through the same observations and id-based actions that a model uses."""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from webarena_runner.actions.reference import (
    BareAction,
    CallAction,
    ElementAction,
    FocusAction,
    GotoAction,
    KeyAction,
    ReferenceAction,
    ScrollAction,
    StopAction,
    reference_plan,
)
from webarena_runner.interfaces import AgentSetup
from webarena_runner.official.notation import render
from webarena_runner.types import (
    Action,
    CallTool,
    Click,
    CloseTab,
    Decision,
    GoBack,
    Goto,
    Hover,
    NewTab,
    Observation,
    Press,
    Scroll,
    Step,
    Stop,
    TabFocus,
    Task,
    Type,
)

LINE = re.compile(r"^\t*\[(?P<id>-?\d+)\] (?P<rest>.*)$", re.DOTALL)
MAX_SEARCH_STEPS = 24


class Oracle:
    """The reference agent. Where it stands in its list follows from the notes of the steps already taken."""

    needs_model: ClassVar[bool] = False
    draws: ClassVar[bool] = False
    # It goes by its actions, whatever the pictures of a task show.
    takes_images: ClassVar[bool] = True
    note: ClassVar[str] = "reference actions"

    def __init__(self, *, viewport: tuple[int, int] = (1280, 720)) -> None:
        self._viewport = viewport

    @classmethod
    def build(cls, setup: AgentSetup) -> Self:
        browser = setup.settings.browser
        return cls(viewport=(browser.viewport_width, browser.viewport_height))

    def check_tasks(self, tasks: Sequence[Task]) -> None:
        """Raises TaskFileError for a task without reference actions, or with malformed ones."""
        for task in tasks:
            reference_plan(task)

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        return self.decide(task, [step.decision.note for step in history], now, urls)

    def decide(self, task: Task, notes: Sequence[str], now: Observation, urls: Mapping[str, str]) -> Decision:
        """What is next after decisions with these notes."""
        plan = [step for action in reference_plan(task) for step in _expand(action)]
        played = sum(note.startswith("plays") for note in notes)
        if played >= len(plan):
            return Decision(action=Stop(answer=""), note="end of the reference actions")
        step = plan[played]
        if not isinstance(step, ElementAction):
            return Decision(action=_plain_action(step, urls), note=f"plays {played}")
        element_id = self._find(now, step)
        if element_id is not None:
            return Decision(action=_on_element(step, element_id), note=f"plays {played}")
        return _search(step, notes)

    def _find(self, now: Observation, wanted: ElementAction) -> str | None:
        """The element, if a click on its centre would hit it: peeking into the viewport is not enough."""
        matches = [element_id for element_id in find_elements(now.text, wanted) if self._in_view(now, element_id)]
        return matches[wanted.nth] if wanted.nth < len(matches) else None

    def _in_view(self, now: Observation, element_id: str) -> bool:
        node = now.nodes.get(element_id)
        if node is None or node.box is None:
            return True
        width, height = self._viewport
        x, y = node.box.x + node.box.width / 2, node.box.y + node.box.height / 2
        return 0 <= x < width and 0 <= y < height


def find_elements(text: str, wanted: ElementAction) -> list[str]:
    """Ids of the matching nodes in an accessibility-tree observation, in its order."""
    lines = text.split("\n")
    if wanted.after:
        start = next((index + 1 for index, line in enumerate(lines) if wanted.after in line), len(lines))
        lines = lines[start:]
    return [found["id"] for line in lines if (found := LINE.match(line)) and _is(found["rest"], wanted)]


def _is(rest: str, wanted: ElementAction) -> bool:
    if not rest.startswith(f"{wanted.role} "):
        return False
    if wanted.match == "contains":
        return wanted.name in rest
    exact = f"{wanted.role} {wanted.name!r}"
    return rest == exact or rest.startswith(f"{exact} ")


def _expand(action: ReferenceAction) -> list[ReferenceAction]:
    if isinstance(action, ElementAction) and action.do == "type" and action.replace:
        clear = [KeyAction(do="press", keys="Control+a"), KeyAction(do="press", keys="Backspace")]
        return [action.model_copy(update={"do": "click"}), *clear, action]
    return [action]


def _search(wanted: ElementAction, notes: Sequence[str]) -> Decision:
    """The next look further down; at the end of the looking, a stop that says what was missing."""
    looked = 0
    for note in reversed(notes):
        if not note.startswith("looks"):
            break
        looked += 1
    missing = f"{wanted.role} {wanted.name!r}"
    if looked >= MAX_SEARCH_STEPS:
        return Decision(action=Stop(answer=""), note=f"cannot find {missing}")
    # Three equal actions in a row end an episode, so every third look is a key instead of a scroll.
    action: Action = Press(key_comb="PageDown") if looked % 3 == 2 else Scroll(direction="down")
    return Decision(action=action, note=f"looks for {missing}")


def _on_element(step: ElementAction, element_id: str) -> Action:
    match step.do:
        case "click":
            return Click(element_id=element_id)
        case "hover":
            return Hover(element_id=element_id)
        case "type":
            return Type(element_id=element_id, text=step.text, press_enter=step.enter)


def _plain_action(
    step: KeyAction | GotoAction | ScrollAction | FocusAction | BareAction | StopAction | CallAction,
    urls: Mapping[str, str],
) -> Action:
    match step:
        case KeyAction(keys=keys):
            return Press(key_comb=keys)
        case GotoAction(url=url):
            return Goto(url=render(url, urls))
        case ScrollAction(direction=direction):
            return Scroll(direction=direction)
        case FocusAction(n=number):
            return TabFocus(page_number=number)
        case StopAction(answer=answer):
            return Stop(answer=answer)
        case CallAction(name=name, arguments=arguments):
            return CallTool(name=name, arguments=arguments)
        case BareAction(do="new_tab"):
            return NewTab()
        case BareAction(do="close_tab"):
            return CloseTab()
        case BareAction():
            return GoBack()
