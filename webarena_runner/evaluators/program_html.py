"""`program_html`: text selected on pages of the sites against required contents."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import httpx
from pydantic import BaseModel, Field

from webarena_runner.errors import EvidenceMissing, OutsideSites, ScriptError, TaskFileError
from webarena_runner.evaluators.evidence import urls_named, urls_recalled
from webarena_runner.evaluators.page_helpers import Selected
from webarena_runner.evaluators.requirements import Asked, Requirements, known_to, read_required
from webarena_runner.evaluators.rules import RULES, WEBARENA, is_default, rules_for, rules_named
from webarena_runner.evaluators.site_helpers import SiteHelpers
from webarena_runner.interfaces import EpisodeEnd, EvaluatorSetup, PageProbe, Past, Question
from webarena_runner.official.addresses import addresses_in, fault_of, reachable
from webarena_runner.official.node import Node, shown
from webarena_runner.official.notation import (
    CALLED_AT_ONCE,
    FUNC,
    LAMBDA,
    LAST_PAGE,
    LAST_URL,
    SCRIPT_STARTS,
    HelperCall,
    parse_helper,
    render,
)
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import Record, Score, Verdict


class HtmlTarget(Record):
    """One target, as in the file; `url` and `locator` keep their placeholders and `func:` text."""

    url: str
    locator: str
    required_contents: dict[str, str | list[str]]
    prep_actions: list[str] = Field(default_factory=list)


class HtmlSpec(Record):
    """`rules` are those that the record is written for."""

    targets: tuple[HtmlTarget, ...]
    rules: str = Field(default=WEBARENA, exclude_if=is_default)


class HtmlOutcome(BaseModel, strict=True):
    """`selected` has what each target's locator gave, in the order of the targets; null for nothing."""

    selected: list[str | int | float | None]
    last_url: str = ""


class ProgramHtml:
    name = "program_html"
    Spec: ClassVar[type[BaseModel]] = HtmlSpec
    Outcome: ClassVar[type[BaseModel]] = HtmlOutcome

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport | None = None,
        scoring: ScoringSettings = ScoringSettings(),  # noqa: B008 - frozen
    ) -> None:
        self._transport = transport
        self._scoring = scoring

    @classmethod
    def build(cls, setup: EvaluatorSetup) -> Self:
        return cls(scoring=setup.scoring)

    @classmethod
    def read(cls, evaluation: Node) -> HtmlSpec:
        written_for = rules_named(evaluation)
        targets = tuple(_target(target, written_for) for target in evaluation.key("program_html").items())
        if not targets:
            raise evaluation.key("program_html").wrong("a list of at least one target")
        return HtmlSpec(targets=targets, rules=written_for)

    @classmethod
    def writes(cls, spec: HtmlSpec) -> bool:
        """Always: page checks look for what the agent did (COMPAT 1.2)."""
        return True

    @classmethod
    def needs_judge(cls, spec: HtmlSpec) -> bool:
        return any("fuzzy_match" in target.required_contents for target in spec.targets)

    @classmethod
    def needs_trace(cls, spec: HtmlSpec) -> bool:
        return False

    @classmethod
    def elsewhere(cls, spec: HtmlSpec, urls: Sequence[str]) -> list[str]:
        """Pages that it opens, or sends a tab to, which are on none of these sites."""
        is_there = reachable(urls)
        return [address for target in spec.targets for address in _addresses(target) if not is_there(address)]

    def cannot_score(self, spec: HtmlSpec) -> str:
        name, rules = rules_for(self._scoring, spec.rules)
        if rules == RULES[WEBARENA] and any(target.locator.startswith(LAMBDA) for target in spec.targets):
            return f"the rules of {name} know no locator that begins with {LAMBDA}"
        known = known_to(rules)
        unknown = {rule: None for target in spec.targets for rule in target.required_contents if rule not in known}
        return f"the rules of {name} know no {', '.join(unknown)} of a page" if unknown else ""

    async def collect(self, spec: HtmlSpec, end: EpisodeEnd) -> dict[str, Any]:
        """Looks at every target, also after one has failed (official)."""
        helpers = SiteHelpers(end, self._transport)
        urls = urls_named(self.name, spec, end)
        # Before the checks take the agent's tab elsewhere (official).
        last_url = end.page.url
        seen = [await _look(target, urls, end, helpers) for target in spec.targets]
        return {"last_url": last_url, "urls": urls, "targets": seen}

    @classmethod
    def evidence_of(cls, spec: HtmlSpec, outcome: HtmlOutcome, urls: Mapping[str, str]) -> dict[str, Any]:
        if len(outcome.selected) != len(spec.targets):
            raise TaskFileError(
                f"the check has {len(spec.targets)} targets, but 'selected' has {len(outcome.selected)} texts; "
                f"expected one for each"
            )
        seen = [{"opened": "", "selected": text} for text in outcome.selected]
        return {"last_url": outcome.last_url, "urls": dict(urls), "targets": seen}

    @classmethod
    def opens_pages(cls, spec: HtmlSpec) -> bool:
        """Whether a target is another page than the one that the agent ended on."""
        return any(target.url != LAST_PAGE for target in spec.targets)

    @classmethod
    def recall(cls, spec: HtmlSpec, past: Past) -> dict[str, Any]:
        """What the episode's own checks saw of the same pages by the same locators."""
        urls = urls_recalled(cls.name, spec, past.urls)
        kept = {
            _looked_at(target): (seen, evidence.get("last_url", ""))
            for old, evidence in past.seen
            for target, seen in zip(old.targets, evidence.get("targets", ()), strict=False)
        }
        for index, target in enumerate(spec.targets):
            if _looked_at(target) not in kept:
                raise EvidenceMissing(
                    f"{cls.name}: target {index} looks at {target.locator or 'the whole page'} of {target.url}, which "
                    "no check of the run has looked at"
                )
        found = [kept[_looked_at(target)] for target in spec.targets]
        return {"last_url": found[0][1], "urls": urls, "targets": [seen for seen, _ in found]}

    def score(self, spec: HtmlSpec, evidence: Mapping[str, Any], verdicts: Sequence[Verdict] = ()) -> Score | Question:
        """Scores what was `selected` of `targets`, one for each target of the check."""
        _, rules = rules_for(self._scoring, spec.rules)
        requirements = Requirements(rules, self._scoring, evidence["urls"], verdicts)
        faults: list[str] = []
        for index, (target, seen) in enumerate(zip(spec.targets, evidence["targets"], strict=True)):
            fault = requirements.fault(target.required_contents, None if seen.get("note") else seen["selected"])
            if isinstance(fault, Asked):
                lost = self._score(spec, faults, evidence, requirements)
                return fault.question(unjudged=lost if faults else None)
            if fault:
                where = f"{target.locator or 'whole page'} of {seen['opened'] or target.url}"
                faults.append(f"target {index} ({where}): {fault}")
        return self._score(spec, faults, evidence, requirements)

    def _score(
        self, spec: HtmlSpec, faults: Sequence[str], evidence: Mapping[str, Any], requirements: Requirements
    ) -> Score:
        return Score(
            evaluator=self.name,
            value=float(not faults),
            explanation="; ".join(faults) or f"all {len(spec.targets)} targets hold what is required",
            evidence=dict(evidence),
            verdicts=requirements.verdicts,
            flags=requirements.flags,
        )


def _looked_at(target: HtmlTarget) -> tuple[str, str, tuple[str, ...]]:
    """What two targets have in common that see the same."""
    return target.url, target.locator, tuple(target.prep_actions)


def _target(node: Node, written_for: str) -> HtmlTarget:
    url, locator = node.key("url"), node.key("locator")
    if url.filled_text().startswith("func"):
        for address in _named_by(_helper(url)):
            _check_address(url, address)
    elif url.text() != LAST_PAGE:
        _check_address(url, url.text())
    if locator.text().startswith("func"):
        _helper(locator)
    elif locator.text().startswith(LAMBDA) and written_for != WEBARENA:
        if not locator.text().removeprefix(LAMBDA).startswith(CALLED_AT_ONCE):
            raise locator.wrong(f"{LAMBDA} and then a script such as (() => document.title)()")
    elif locator.text().strip() and not locator.text().startswith(SCRIPT_STARTS):
        raise locator.wrong(f"an empty text, or one that starts with {', '.join(SCRIPT_STARTS)} or {FUNC}")
    preparing = node.get("prep_actions", [])
    for script in (locator, *preparing.items()):
        for address in addresses_in(script.text()):
            _check_address(script, address)
    return HtmlTarget(
        url=url.text(),
        locator=locator.text(),
        required_contents=read_required(node.key("required_contents"), written_for),
        prep_actions=[action.filled_text() for action in preparing.items()],
    )


def _helper(node: Node) -> HelperCall:
    try:
        return parse_helper(node.text(), "url" if node.path.endswith("url") else "locator")
    except TaskFileError as error:
        raise node.fault(error) from error


def _named_by(call: HelperCall) -> list[str]:
    """Addresses that a helper for a URL is given, unless they are the agent's."""
    return [argument for argument in call.arguments if LAST_URL not in argument]


def _check_address(node: Node, address: str) -> None:
    if fault := fault_of(address):
        raise node.fault(f"{fault}, found {shown(address)}")


def _addresses(target: HtmlTarget) -> list[str]:
    """All that a target names itself."""
    found = [address for script in (target.locator, *target.prep_actions) for address in addresses_in(script)]
    if target.url.startswith(FUNC):
        return [*_named_by(parse_helper(target.url, "url")), *found]
    return found if target.url == LAST_PAGE else [target.url, *found]


async def _look(target: HtmlTarget, urls: Mapping[str, str], end: EpisodeEnd, helpers: SiteHelpers) -> dict[str, Any]:
    """What one target shows: URL `asked` for, URL it `opened` ("" for none), text `selected`."""
    asked = render(target.url, urls)
    if asked.startswith(FUNC):
        found = await helpers.target_url(parse_helper(asked, "url"))
        if found is None:
            return {"asked": asked, "opened": "", "selected": "", "note": "there is no order"}
        asked = found
        if not reachable([*end.lease.urls.values(), *end.lease.more_urls])(asked):
            if LAST_URL not in target.url:
                raise OutsideSites(f"{asked[:500]!r}: a page to check is no page of this task's sites")
            # The agent left its tab on a page of the browser's own or of a stranger: its failure, not the site's.
            return {"asked": asked, "opened": "", "selected": "", "note": "not a page of a site"}
    opened = end.page.url if asked == LAST_PAGE else await end.page.open(asked)
    return {"asked": asked, "opened": opened, "selected": await _select(target, urls, asked, end.page, helpers)}


async def _select(
    target: HtmlTarget, urls: Mapping[str, str], asked: str, page: PageProbe, helpers: SiteHelpers
) -> Selected | None:
    locator = render(target.locator, urls)
    if not locator.strip():
        return await page.content(asked)
    if locator.startswith(FUNC):
        return await helpers.selected(parse_helper(locator, "locator"), asked)
    if locator.startswith(LAMBDA):
        return await _value(locator.removeprefix(LAMBDA), asked, page)
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


async def _value(script: str, asked: str, page: PageProbe) -> Selected | None:
    """None for a value that is nothing, such as an empty text or 0, and where the script throws (as published)."""
    try:
        value = await page.evaluate(script, asked)
    except ScriptError:
        return None
    return (value if isinstance(value, int | float) else str(value)) if value else None
