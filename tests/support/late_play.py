"""Plays one case of pages that change late, through the same steps as an episode."""

from dataclasses import dataclass

from tests.support.late_pages import Case
from tests.support.pages import id_of, renumbered
from webarena_runner.browser.session import BrowserSession
from webarena_runner.types import Action, Click, Hover, Observation, Press, Scroll, Type


@dataclass(frozen=True)
class Seen:
    """What the model reads after the action, its ids renumbered; how long the wait was, and what still went on."""

    text: str
    settle_ms: float
    busy: tuple[str, ...]


async def play(session: BrowserSession, origin: str, case: Case) -> Seen:
    async with session.episode(urls={"late": origin}, start_urls=[origin + case.path]) as environment:
        before = await environment.observe()
        after = await environment.step(_action(case, before))
    if after.action_error:
        raise ValueError(f"{case.name}: {after.action_error}")
    return Seen(renumbered(after.text), after.timings_ms["settle"], after.still_busy)


def _action(case: Case, before: Observation) -> Action:
    match case.action:
        case "click":
            return Click(element_id=id_of(before, "button 'Go'"))
        case "hover":
            return Hover(element_id=id_of(before, "button 'Go'"))
        case "type":
            return Type(element_id=id_of(before, "textbox 'Query'"), text="mug", press_enter=False)
        case "press":
            return Press(key_comb="Enter")
        case "scroll":
            return Scroll(direction="down")
