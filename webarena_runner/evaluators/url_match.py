"""`url_match`: the URL of the agent's tab against the reference, by the official rule "GOLD in PRED"."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlparse

from pydantic import BaseModel, Field

from webarena_runner.errors import EvidenceMissing, OutsideSites
from webarena_runner.evaluators.evidence import urls_named, urls_recalled
from webarena_runner.evaluators.rules import EXACT, GOLD_IN_PRED, WEBARENA, is_default, rules_for, rules_named
from webarena_runner.interfaces import EpisodeEnd, EvaluatorSetup, Past
from webarena_runner.official.addresses import is_literal, spelled_as
from webarena_runner.official.node import Node
from webarena_runner.official.notation import ALTERNATIVES, render
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import Record, Score, Verdict

NOTES = (GOLD_IN_PRED, EXACT)


class UrlSpec(Record):
    """The reference URL with its placeholders, alternatives separated by ` |OR| `.

    `url_note` "": what the rules take where a record says nothing. `rules` are those that it is written for.
    """

    reference_url: str
    url_note: str = GOLD_IN_PRED
    rules: str = Field(default=WEBARENA, exclude_if=is_default)


class UrlOutcome(BaseModel, strict=True):
    final_url: str


class UrlMatch:
    name = "url_match"
    Spec: ClassVar[type[BaseModel]] = UrlSpec
    Outcome: ClassVar[type[BaseModel]] = UrlOutcome

    def __init__(self, scoring: ScoringSettings = ScoringSettings()) -> None:  # noqa: B008 - frozen
        self._scoring = scoring

    @classmethod
    def build(cls, setup: EvaluatorSetup) -> Self:
        return cls(setup.scoring)

    @classmethod
    def read(cls, evaluation: Node) -> UrlSpec:
        written_for = rules_named(evaluation)
        note = evaluation.get("url_note", GOLD_IN_PRED if written_for == WEBARENA else "")
        known = (GOLD_IN_PRED,) if written_for == WEBARENA else (*NOTES, "")
        if note.value not in known:
            raise note.wrong(" or ".join(f"'{each}'" for each in known if each))
        reference = evaluation.key("reference_url")
        for each in reference.filled_text().split(ALTERNATIVES):
            try:
                _split(each)
            except ValueError as error:
                raise reference.fault(f"{each[:80]!r} is malformed: {error}") from error
        return UrlSpec(reference_url=reference.text(), url_note=note.text(), rules=written_for)

    @classmethod
    def writes(cls, spec: UrlSpec) -> bool:
        return False

    @classmethod
    def needs_judge(cls, spec: UrlSpec) -> bool:
        return False

    @classmethod
    def needs_trace(cls, spec: UrlSpec) -> bool:
        return False

    @classmethod
    def elsewhere(cls, spec: UrlSpec, urls: Sequence[str]) -> list[str]:
        """The references, when none of them can match a page of these sites."""
        references = spec.reference_url.split(ALTERNATIVES)
        return [] if any(_can_match(each, urls) for each in references) else references

    def cannot_score(self, spec: UrlSpec) -> str:
        name, rules = rules_for(self._scoring, spec.rules)
        is_known = rules.exact_urls or spec.url_note != EXACT
        return "" if is_known else f"the rules of {name} know no url_note {EXACT}"

    async def collect(self, spec: UrlSpec, end: EpisodeEnd) -> dict[str, Any]:
        """Raises OutsideSites where no page that the agent can reach matches."""
        urls = urls_named(self.name, spec, end)
        if outside := self.elsewhere(spec, [*end.lease.urls.values(), *end.lease.more_urls]):
            raise OutsideSites(f"the reference URL {' or '.join(outside):.500} is no page of this task's sites")
        return {"final_url": end.page.url, "urls": urls}

    @classmethod
    def evidence_of(cls, spec: UrlSpec, outcome: UrlOutcome, urls: Mapping[str, str]) -> dict[str, Any]:
        return {"final_url": outcome.final_url, "urls": dict(urls)}

    @classmethod
    def recall(cls, spec: UrlSpec, past: Past) -> dict[str, Any]:
        if not past.final_url:
            raise EvidenceMissing(f"{cls.name}: the address that the episode ended on was not kept")
        return {"final_url": past.final_url, "urls": urls_recalled(cls.name, spec, past.urls)}

    def score(self, spec: UrlSpec, evidence: Mapping[str, Any], verdicts: Sequence[Verdict] = ()) -> Score:
        """Scores the final URL; evidence is `final_url` and the sites' `urls`."""
        final_url, reference = evidence["final_url"], render(spec.reference_url, evidence["urls"])
        fault = self._mismatch(spec, final_url, reference.split(ALTERNATIVES))
        return Score(
            evaluator=self.name,
            value=float(not fault),
            explanation=fault or f"{final_url} matches {reference}",
            evidence={**evidence, "reference": reference},
        )

    def _mismatch(self, spec: UrlSpec, final_url: str, references: Sequence[str]) -> str:
        _, rules = rules_for(self._scoring, spec.rules)
        segments, loopback = self._scoring.url_whole_segments, self._scoring.url_one_loopback
        if not rules.exact_urls:
            return mismatch(final_url, references, whole_segments=segments, one_loopback=loopback)
        exact = spec.url_note != GOLD_IN_PRED
        return text_mismatch(final_url, references, exact=exact, whole_segments=segments, one_loopback=loopback)


def mismatch(
    final_url: str, references: Sequence[str], *, whole_segments: bool = False, one_loopback: bool = False
) -> str:
    """Why the URL does not match; "" when it does.

    Host and path of one reference must be a substring of the URL's (with `whole_segments`: its first segments), and for
    each query key of any reference one of the values that the references give must be among the URL's values for that
    key. Scheme, fragment and further keys do not count; nor, with `one_loopback`, how the loopback is spelled.
    """
    if one_loopback:
        references = [spelled_as(reference, final_url) for reference in references]
    try:
        base, query = _split(final_url)
    except ValueError as error:
        return f"the final URL {final_url!r} is malformed: {error}"
    bases: list[str] = []
    queries: dict[str, list[str]] = defaultdict(list)
    for reference in references:
        reference_base, reference_query = _split(reference)
        bases.append(reference_base)
        for key, values in reference_query.items():
            queries[key] += values
    if not any(_begins(base, wanted) if whole_segments else wanted in base for wanted in bases):
        return f"{base!r} {'begins with' if whole_segments else 'contains'} none of {bases}"
    for key, values in queries.items():
        if not set(values) & set(query.get(key, [])):
            return f"query key {key!r} has {query.get(key, [])}, expected one of {values}"
    return ""


def text_mismatch(
    final_url: str,
    references: Sequence[str],
    *,
    exact: bool,
    whole_segments: bool = False,
    one_loopback: bool = False,
) -> str:
    """The same by VisualWebArena's rules: all of the addresses counts, but for one slash at the end.

    One reference must be the URL, or with `exact` False be anywhere in it. `localhost` is 127.0.0.1, also in a path.
    """
    if one_loopback:
        references = [spelled_as(reference, final_url) for reference in references]
    found, wanted = _as_text(final_url), [_as_text(reference) for reference in references]
    if exact:
        return "" if found in wanted else f"{found!r} is none of {wanted}"
    holds = any(_goes_through(found, each) if whole_segments else each in found for each in wanted)
    return "" if holds else f"{found!r} contains none of {wanted}"


def _as_text(url: str) -> str:
    return url.replace("localhost", "127.0.0.1").removesuffix("/")


def _goes_through(url: str, wanted: str) -> bool:
    """Whether the reference is whole path segments of the URL: its first ones where it names a host."""
    page = url if {"?", "#"} & set(wanted) else re.split("[?#]", url)[0]
    return _begins(page, wanted) if "://" in wanted else f"/{wanted}/" in f"{page}/"


def _can_match(reference: str, urls: Sequence[str]) -> bool:
    """Whether the host that a reference names, if it does, is the end of a site's: `example.com` in www.example.com."""
    host = urlparse(reference).netloc
    return not (host and is_literal(reference)) or any(urlparse(url).netloc.endswith(host) for url in urls)


def _begins(base: str, wanted: str) -> bool:
    """Whether host and all path segments of a reference are the URL's first ones."""
    return f"{base.rstrip('/')}/".startswith(f"{wanted.rstrip('/')}/")


def _split(url: str) -> tuple[str, dict[str, list[str]]]:
    # Not urlsplit: the official code cuts `;parameters` off the last path segment.
    parts = urlparse(url.rstrip("/"))
    return parts.netloc + parts.path, parse_qs(parts.query)
