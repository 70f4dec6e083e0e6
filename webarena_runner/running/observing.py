"""One page as a model would see it, and what actions on it do: for looking at a page outside any task."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webarena_runner.actions.read import read_action
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import RunSettings
from webarena_runner.types import Action, Observation


@dataclass(frozen=True)
class Visit:
    """A page to look at: the other addresses that it may reach, and what is done there, in this order.

    `before` is a script that runs in the page once it is quiet; `actions` are texts such as `click [12]`.
    """

    url: str
    more_urls: Sequence[str] = ()
    storage_state: Mapping[str, Any] | None = None
    before: str = ""
    actions: Sequence[str] = ()


@dataclass(frozen=True)
class ObservedStep:
    """What was seen after an action, or, without one, of the page as it was opened; `text` is the action as given."""

    observation: Observation
    text: str = ""
    action: Action | None = None


async def observe(visit: Visit, settings: RunSettings) -> AsyncGenerator[ObservedStep, None]:
    """Yields the page when it is quiet, as an episode's first observation, and then after each action.

    Raises:
        BrowserMissing: no Chromium starts.
        ScriptError: `before` throws.
        EpisodeError: the page does not answer or cannot be read.
    """
    async with (
        BrowserSession(settings.browser, settings.observation, settings.settle, screenshot_type="png") as session,
        session.episode(
            urls={"": visit.url},
            more_urls=visit.more_urls,
            storage_state=visit.storage_state,
            start_urls=[visit.url],
        ) as environment,
    ):
        if visit.before:
            await environment.run_script(visit.before)
        yield ObservedStep(await environment.observe())
        for text in visit.actions:
            action = read_action(text, settings.actions)
            yield ObservedStep(await environment.step(action), text, action)
