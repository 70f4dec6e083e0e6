"""The line that says to the model what it did last, in the official words (spelling included: models see it)."""

from webarena_runner.actions.browsergym_grammar import written
from webarena_runner.actions.calls import written as written_call
from webarena_runner.actions.kinds import KINDS, argument_of
from webarena_runner.actions.playwright_grammar import as_code, code_of
from webarena_runner.settings.records import ActionSet, Dialect
from webarena_runner.types import (
    Action,
    BrowserGymCalls,
    CallTool,
    Clear,
    Click,
    Hover,
    Invalid,
    Observation,
    PlaywrightCall,
    Type,
)


def describe_action(
    action: Action,
    observation: Observation,
    *,
    splitter: str = "```",
    action_set: ActionSet = "id",
    dialect: Dialect = "webarena",
    marked: bool = False,
) -> str:
    """The official history text of an action that was chosen on `observation`; in the playwright set it is code.

    In the set of calls a reply without an action says why it is none.

    Of an element that was `marked` in a picture nothing is said but its number.
    """
    if action_set == "playwright" and (code := as_code(action)):
        return code
    match action:
        case CallTool():
            return written_call(action)
        case Invalid() if action_set == "calls":
            return f"{action.raw}\nNot done: {action.reason}"
        case PlaywrightCall(calls=calls):
            return code_of(calls)
        case BrowserGymCalls(calls=calls):
            return written(calls)
        case Click(element_id=element_id) | Hover(element_id=element_id):
            return _on_element(action.kind, element_id, f"{action.kind} [{element_id}]", observation, marked=marked)
        case Type(element_id=element_id, text=text, press_enter=press_enter):
            typed = text + "\n" * press_enter
            typed = typed if dialect == "visualwebarena" else typed.replace("\n", " ")
            return _on_element(action.kind, element_id, f"type [{element_id}] [{typed}]", observation, marked=marked)
        case Clear(element_id=element_id):
            # Officially nothing is said of the element, whatever the observation.
            return f"clear [{element_id}] where [{element_id}] is "
        case Invalid(raw=raw):
            return (
                f'The previous prediction you issued was "{raw}". However, the format was incorrect. Ensure that the '
                f"action is wrapped inside a pair of {splitter} and enclose arguments within [] as follows: "
                f"{splitter}action [arg] ...{splitter}."
            )
    kind, argument = KINDS[action.kind], argument_of(action)
    verb = kind.in_history or action.kind
    return verb if argument is None else f"{verb} [{argument}]"


def _on_element(verb: str, element_id: str, text: str, observation: Observation, *, marked: bool) -> str:
    node = observation.nodes.get(element_id)
    if node is None:
        return (
            f'Attempt to perfom "{verb}" on element "[{element_id}]" but no matching element found. '
            "Please check the observation more carefully."
        )
    where = f"{text} where [{element_id}]"
    return where if marked else f"{where} is {' '.join(node.line.split())}"
