"""A model for BrowserGym's agents that knows the reference actions, and finds their elements in the prompts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.models.fake_openai import Reply, completion
from webarena_runner.actions.reference import (
    BareAction,
    ElementAction,
    FocusAction,
    GotoAction,
    KeyAction,
    ReferenceAction,
    ScrollAction,
    StopAction,
    reference_plan,
)
from webarena_runner.official.notation import PLACEHOLDER
from webarena_runner.types import Task

LINE = re.compile(r"^\t*\[(?P<bid>\w+)\] (?P<rest>.*)$", re.MULTILINE)

ORIGIN = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass
class ScriptedModel:
    """Plays each of the tasks once; `prompts` has all that it was asked, by task."""

    tasks: Sequence[Task]
    prompts: dict[int, list[str]] = field(default_factory=dict)
    _left: dict[int, list[str | ElementAction]] = field(default_factory=dict)

    def __call__(self, body: Any) -> Reply:
        prompt = "\n".join(map(_text, body["messages"]))
        (task,) = [each for each in self.tasks if f"\n{each.intent}\n" in prompt]
        self.prompts.setdefault(task.task_id, []).append(prompt)
        if task.task_id not in self._left:
            self._left[task.task_id] = list(_calls(task, ORIGIN.search(prompt)[0]))  # type: ignore[index]
        left = self._left[task.task_id]
        call = left.pop(0)
        if isinstance(call, ElementAction):
            call, *more = _on_element(call, _bid(prompt, call))
            left[:0] = more
        return Reply(200, completion(f"<think>\nThe next step.\n</think>\n<action>\n{call}\n</action>"))


def _text(message: dict[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def _calls(task: Task, origin: str) -> Sequence[str | ElementAction]:
    plan = reference_plan(task)
    return [action if isinstance(action, ElementAction) else _plain(action, origin) for action in plan]


def _plain(action: ReferenceAction, origin: str) -> str:
    """`origin` is the address of the task's only site."""
    match action:
        case StopAction(answer=answer):
            return f"send_msg_to_user({answer!r})"
        case GotoAction(url=url):
            return f"goto({PLACEHOLDER.sub(origin, url)!r})"
        case KeyAction(keys=keys):
            return f"keyboard_press({keys!r})"
        case ScrollAction(direction=direction):
            return f"scroll(0, {720 if direction == 'down' else -720})"
        case FocusAction(n=number):
            return f"tab_focus({number})"
        case BareAction(do=do):
            return f"{'tab_close' if do == 'close_tab' else do}()"
        case _:
            raise ValueError(action)


def _on_element(action: ElementAction, bid: str) -> list[str]:
    match action.do:
        case "type":
            return [f"fill({bid!r}, {action.text!r})", *(["keyboard_press('Enter')"] if action.enter else [])]
        case do:
            return [f"{do}({bid!r})"]


def _bid(prompt: str, wanted: ElementAction) -> str:
    """Of an element in view, where there are such; of the whole page otherwise."""
    page = prompt.partition("## AXTree:")[2].partition("# History of interaction")[0]
    start = page.find(wanted.after) if wanted.after else 0
    named = f"{wanted.role} {wanted.name!r}"
    lines = [found for found in LINE.finditer(page, max(start, 0)) if _is(found["rest"], wanted, named)]
    in_view = [found for found in lines if ", visible" in found["rest"]]
    return str((in_view or lines)[wanted.nth]["bid"])


def _is(rest: str, wanted: ElementAction, named: str) -> bool:
    if wanted.match == "contains":
        return rest.startswith(f"{wanted.role} ") and wanted.name in rest
    return rest.startswith(named) and rest[len(named) : len(named) + 1] in ("", " ", ",")
