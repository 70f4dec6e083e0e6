"""Replies that a model is kept to: what it may answer to a page, and when only an answer is left."""

import re
from collections.abc import Sequence
from dataclasses import replace

from webarena_runner.actions.kinds import argument_of, element_of
from webarena_runner.actions.reply_form import ReplyForm, thought_characters
from webarena_runner.agents.controls import CLICKABLE
from webarena_runner.errors import ConfigError
from webarena_runner.interfaces import ModelBackend, form_fault
from webarena_runner.settings.records import ActionSettings
from webarena_runner.types import Action, Completion, Message, Node, Observation, Step, Task

# How a line of the accessibility tree begins.
_ELEMENT = re.compile(r"^\s*\[(\d+)\] ", re.M)
_CONTROL = re.compile(rf"{CLICKABLE.pattern}|DisclosureTriangle\b")
_TAKES_TEXT = re.compile(r"(?:combobox|searchbox|spinbutton|textbox)\b")
# What follows are properties, such as whether it has the focus.
_ROLE_AND_NAME = re.compile(r"""\w+ ('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
_ESCAPE = re.compile(r"""\\(?:(['"\\])|x..|u.{4}|U.{8}|.)""")
ASK_FOR_ANSWER = "No action is left. Now end the task: stop [answer], or stop [N/A] if it cannot be done"


def require_forms(model: ModelBackend, actions: ActionSettings) -> None:
    """Raises ConfigError when replies are to be constrained, and this model or these actions cannot be."""
    if actions.constrain == "none":
        if actions.stop_at_repeats:
            raise ConfigError("actions.stop_at_repeats keeps a reply to an answer; it needs actions.constrain")
        return
    wanted = f"actions.constrain is '{actions.constrain}'"
    if actions.action_set != "id":
        raise ConfigError(f"{wanted}, which is for the action set 'id', and this run has '{actions.action_set}'")
    if fault := form_fault(model):
        raise ConfigError(
            f"{wanted}, and the model cannot be kept to it: {fault}; use none, or llama-cpp, vLLM or transformers"
        )


def form_of(
    actions: ActionSettings, task: Task, shown: str, now: Observation, *, reply_tokens: int | None, splitter: str
) -> ReplyForm | None:
    """What the reply may be, where that is not left to the model; elements are those of the text that it is shown."""
    if actions.constrain == "none":
        return None
    form = ReplyForm(splitter, max_thought_characters=thought_characters(reply_tokens))
    if actions.constrain == "grammar":
        return form
    ids = tuple(each for each in dict.fromkeys(_ELEMENT.findall(shown)) if each in now.nodes)
    form = replace(form, ids=ids, tabs=len(now.tabs))
    if actions.constrain == "ids":
        return form
    controls = tuple(each for each in ids if _CONTROL.match(now.nodes[each].line))
    fields = tuple(each for each in controls if _TAKES_TEXT.match(now.nodes[each].line))
    form = replace(form, ids=controls, field_ids=fields)
    if actions.constrain == "controls":
        return form
    return replace(form, typed=(task.intent,), answers=tuple(_text_of(now.nodes[each].line) for each in ids))


def repeats(action: Action, now: Observation, history: Sequence[Step]) -> bool:
    """Whether an earlier step did this, by the role and name of the element: ids change with the page."""
    done = [_what(step.decision.action, step.acted_on) for step in history]
    return _what(action, now.nodes.get(element_of(action) or "")) in done


def asking_for_answer(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The same prompt with a line at its end, so that all before it is in the engine's prefix cache."""
    last = messages[-1]
    return (*messages[:-1], last.model_copy(update={"content": f"{last.content}\n{ASK_FOR_ANSWER}"}))


def both(first: Completion, second: Completion) -> Completion:
    """The second reply with what both took."""
    costs = [each.cost_usd for each in (first, second) if each.cost_usd is not None]
    taken = {
        name: getattr(first, name) + getattr(second, name)
        for name in ("prompt_tokens", "completion_tokens", "cached_tokens", "latency_s", "retries")
    }
    return second.model_copy(update=taken | {"cost_usd": sum(costs) if costs else None})


def _text_of(line: str) -> str:
    """The name of the element, which the accessibility tree writes as Python does; other lines are text as they are."""
    named = _ROLE_AND_NAME.match(line)
    return _ESCAPE.sub(lambda found: found[1] or " ", named[1][1:-1]) if named else line


def _what(action: Action, node: Node | None) -> tuple[str, object]:
    named = node and _ROLE_AND_NAME.match(node.line)
    return action.kind, named[0] if named else argument_of(action)
