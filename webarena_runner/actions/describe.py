"""The line that says to the model what it did last, in the official words (spelling included: models see it)."""

from webarena_runner.actions.browsergym_grammar import written
from webarena_runner.actions.kinds import KINDS, argument_of
from webarena_runner.actions.playwright_grammar import as_code, code_of
from webarena_runner.settings.records import ActionSet
from webarena_runner.types import Action, BrowserGymCalls, Click, Hover, Invalid, Observation, PlaywrightCall, Type


def describe_action(
    action: Action, observation: Observation, *, splitter: str = "```", action_set: ActionSet = "id"
) -> str:
    """The official history text of an action that was chosen on `observation`; in the playwright set it is code."""
    if action_set == "playwright" and (code := as_code(action)):
        return code
    match action:
        case PlaywrightCall(calls=calls):
            return code_of(calls)
        case BrowserGymCalls(calls=calls):
            return written(calls)
        case Click(element_id=element_id) | Hover(element_id=element_id):
            return _on_element(action.kind, element_id, f"{action.kind} [{element_id}]", observation)
        case Type(element_id=element_id, text=text, press_enter=press_enter):
            typed = (text + "\n" * press_enter).replace("\n", " ")
            return _on_element(action.kind, element_id, f"type [{element_id}] [{typed}]", observation)
        case Invalid(raw=raw):
            return (
                f'The previous prediction you issued was "{raw}". However, the format was incorrect. Ensure that the '
                f"action is wrapped inside a pair of {splitter} and enclose arguments within [] as follows: "
                f"{splitter}action [arg] ...{splitter}."
            )
    kind, argument = KINDS[action.kind], argument_of(action)
    verb = kind.in_history or action.kind
    return verb if argument is None else f"{verb} [{argument}]"


def _on_element(verb: str, element_id: str, text: str, observation: Observation) -> str:
    node = observation.nodes.get(element_id)
    if node is None:
        return (
            f'Attempt to perfom "{verb}" on element "[{element_id}]" but no matching element found. '
            "Please check the observation more carefully."
        )
    return f"{text} where [{element_id}] is {' '.join(node.line.split())}"
