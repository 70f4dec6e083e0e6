"""From an action's text to an action, by the settings of the run."""

from collections.abc import Mapping

from webarena_runner.actions.calls import parse_call
from webarena_runner.actions.id_grammar import parse_action
from webarena_runner.actions.lenient_grammar import parse_lenient
from webarena_runner.actions.playwright_grammar import parse_playwright
from webarena_runner.actions.urls import loosely_local, to_local
from webarena_runner.settings.records import ActionSettings
from webarena_runner.types import Action, Goto


def read_action(text: str, settings: ActionSettings, urls: Mapping[str, str] | None = None) -> Action:
    """`urls` are the sites' by official name: public names in the text become these."""
    urls = urls or {}
    if settings.action_set == "calls":
        return parse_call(text, settings, urls)
    in_whole = settings.url_mapping == "whole_action"
    action = _parsed(to_local(text, urls) if in_whole else text, settings)
    if not isinstance(action, Goto):
        return action
    url = action.url if in_whole else to_local(action.url, urls)
    return Goto(url=loosely_local(url, urls) if settings.loose_addresses else url)


def _parsed(text: str, settings: ActionSettings) -> Action:
    if settings.action_set == "playwright":
        return parse_playwright(text, quirks=settings.playwright_quirks)
    return (parse_lenient if settings.lenient_syntax else parse_action)(text, settings.dialect)
