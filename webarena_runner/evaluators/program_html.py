"""`program_html`: text selected on pages of the sites against required contents."""

from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from webarena_runner.errors import ScriptError, TaskFileError
from webarena_runner.evaluators.evidence import urls_named
from webarena_runner.evaluators.site_helpers import SiteHelpers
from webarena_runner.evaluators.text import contains_any, same
from webarena_runner.interfaces import EpisodeEnd, EvaluatorSetup, PageProbe
from webarena_runner.official.notation import FUNC, LAST_PAGE, SCRIPT_STARTS, parse_helper, render
from webarena_runner.types import Check, HtmlCheck, HtmlTarget, Score, Verdict


class ProgramHtml:
    name = "program_html"

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport

    @classmethod
    def build(cls, setup: EvaluatorSetup) -> Self:
        return cls()

    async def evaluate(self, check: Check, end: EpisodeEnd) -> Score:
        """Looks at every target, also after one has failed (official), then scores what was seen."""
        if not isinstance(check, HtmlCheck):
            raise TaskFileError(f"{self.name} cannot score a check of kind {check.kind}")
        helpers = SiteHelpers(end, self._transport)
        urls = urls_named(check, end)
        # Before the checks take the agent's tab elsewhere (official).
        last_url = end.page.url
        seen = [await _look(target, urls, end, helpers) for target in check.targets]
        return self.score(check, {"last_url": last_url, "urls": urls, "targets": seen})

    def score(self, check: Check, evidence: Mapping[str, Any], verdicts: Sequence[Verdict] = ()) -> Score:
        """Scores the texts `selected` of `targets`, one for each target of the check."""
        if not isinstance(check, HtmlCheck):
            raise TaskFileError(f"{self.name} cannot score a check of kind {check.kind}")
        faults = [
            f"target {index} ({target.locator or 'whole page'} of {seen['opened'] or target.url}): {fault}"
            for index, (target, seen) in enumerate(zip(check.targets, evidence["targets"], strict=True))
            if (fault := _fault(target.required_contents, seen["selected"], evidence["urls"]))
        ]
        return Score(
            evaluator=self.name,
            value=float(not faults),
            explanation="; ".join(faults) or f"all {len(check.targets)} targets hold what is required",
            evidence=dict(evidence),
        )


async def _look(target: HtmlTarget, urls: Mapping[str, str], end: EpisodeEnd, helpers: SiteHelpers) -> dict[str, str]:
    """What one target shows: URL `asked` for, URL it `opened` ("" for none), text `selected`."""
    asked = render(target.url, urls)
    if asked.startswith(FUNC):
        found = await helpers.target_url(parse_helper(asked, "url"))
        if found is None:
            return {"asked": asked, "opened": "", "selected": "", "note": "there is no order"}
        asked = found
        if not _is_of(end.urls, asked):
            # The agent left its tab on a page of the browser's own or of a stranger: its failure, not the site's.
            return {"asked": asked, "opened": "", "selected": "", "note": "not a page of a site"}
    opened = end.page.url if asked == LAST_PAGE else await end.page.open(asked)
    return {"asked": asked, "opened": opened, "selected": await _select(target, urls, asked, end.page, helpers)}


def _is_of(urls: Mapping[str, str], url: str) -> bool:
    """Whether a URL is on the host of one of the sites."""
    return urlsplit(url).netloc in {urlsplit(site).netloc for site in urls.values()}


async def _select(
    target: HtmlTarget, urls: Mapping[str, str], asked: str, page: PageProbe, helpers: SiteHelpers
) -> str:
    locator = render(target.locator, urls)
    if not locator.strip():
        return await page.content(asked)
    if locator.startswith(FUNC):
        return await helpers.selected(parse_helper(locator, "locator"), asked)
    if not locator.startswith(SCRIPT_STARTS):
        raise TaskFileError(f"locator {locator!r}: expected one of {', '.join(SCRIPT_STARTS)}, {FUNC}, or nothing")
    await _prepare([render(action, urls) for action in target.prep_actions], asked, page)
    try:
        # str: the official code compares Python's text of the value, such as "None" and "True".
        return str(await page.evaluate(f"() => {locator}", asked))
    except ScriptError:
        return ""


async def _prepare(actions: Sequence[str], asked: str, page: PageProbe) -> None:
    """Runs preparing scripts until one throws; what it throws does not matter (official)."""
    for action in actions:
        try:
            await page.evaluate(f"() => {action}", asked)
        except ScriptError:
            return


def _fault(required: Mapping[str, str | list[str]], selected: str, urls: Mapping[str, str]) -> str:
    """What the selected text lacks; "" when it holds all. `exact_match` goes before `must_include` (official)."""
    text = unescape(selected)
    exact, included = required.get("exact_match"), required.get("must_include")
    if isinstance(exact, str):
        return "" if same(render(exact, urls), text) else f"expected {exact!r}, found {text[:200]!r}"
    if isinstance(included, list):
        missing = [item for item in included if not contains_any(render(item, urls), text)]
        return f"lacks {', '.join(map(repr, missing))}" if missing else ""
    raise TaskFileError(f"required_contents {required!r}: expected exact_match: text or must_include: list")
