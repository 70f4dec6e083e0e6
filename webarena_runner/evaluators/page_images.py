"""`page_image_query`: VisualWebArena's questions about pictures on a page, and how like they are to given ones."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from pydantic import BaseModel, Field

from webarena_runner.errors import EvidenceMissing, NoPicture, TaskFileError
from webarena_runner.evaluators.evidence import urls_named, urls_recalled
from webarena_runner.evaluators.likeness import likeness, missing
from webarena_runner.evaluators.picture_answers import Answers
from webarena_runner.evaluators.rules import is_default, rules_for, rules_named
from webarena_runner.interfaces import EpisodeEnd, EvaluatorSetup, Past, Question
from webarena_runner.official.addresses import fault_of, is_literal, joined, reachable
from webarena_runner.official.node import Node, shown
from webarena_runner.official.notation import ALTERNATIVES, LAST_PAGE, render
from webarena_runner.pictures import Picture
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import Record, Score, Verdict

ASKED, ALIKE = "eval_vqa", "eval_fuzzy_image_match"
THRESHOLD = 0.8
_BELOW = """() => [...document.querySelectorAll(%s)]
  .flatMap((each) => each.tagName === "IMG" ? [each] : [...each.querySelectorAll("img")])
  .map((each) => each.getAttribute("src"))"""
# What the role "img" stands for: no pictures that are only decoration, or hidden.
_ALL = """() => [...document.querySelectorAll('img, [role="img"]')]
  .filter((each) => each.getAttribute("alt") !== "" && !each.closest('[aria-hidden="true"]') && each.checkVisibility())
  .map((each) => each.getAttribute("src"))"""


class AskedOfPictures(Record):
    """Whose answer has to be in what a model says of one of the pictures."""

    question: str
    answer: str


class ImageQuery(Record):
    """Pictures of the page at `url` ("last": the agent's) below the elements of `locator` ("": all of the page).

    `alike` are addresses of pictures, one of which has to be liker to one of the page's than `threshold`; "": none.
    """

    url: str
    locator: str
    questions: tuple[AskedOfPictures, ...] = ()
    alike: str = ""
    threshold: float = THRESHOLD


class ImagesSpec(Record):
    """`rules` are those that the record is written for."""

    queries: tuple[ImageQuery, ...]
    rules: str = Field(default="webarena", exclude_if=is_default)


class ImagesOutcome(BaseModel, strict=True):
    """`likeness` has for each query the highest one of its pictures (0 to 1), null where there is no picture.

    What a model says of pictures is the line's `judge_reply`.
    """

    likeness: list[float | None]


class PageImageQuery:
    name = "page_image_query"
    Spec: ClassVar[type[BaseModel]] = ImagesSpec
    Outcome: ClassVar[type[BaseModel]] = ImagesOutcome

    def __init__(self, scoring: ScoringSettings = ScoringSettings()) -> None:  # noqa: B008 - frozen
        self._scoring = scoring

    @classmethod
    def build(cls, setup: EvaluatorSetup) -> Self:
        return cls(setup.scoring)

    @classmethod
    def read(cls, evaluation: Node) -> ImagesSpec:
        queries = evaluation.key("page_image_query")
        read = tuple(map(_query, queries.items()))
        if not read:
            raise queries.wrong("a list of at least one query")
        return ImagesSpec(queries=read, rules=rules_named(evaluation))

    @classmethod
    def writes(cls, spec: ImagesSpec) -> bool:
        """Always: it looks for pictures that the agent has posted or put somewhere."""
        return True

    @classmethod
    def needs_judge(cls, spec: ImagesSpec) -> bool:
        return any(query.questions for query in spec.queries)

    @classmethod
    def needs_trace(cls, spec: ImagesSpec) -> bool:
        return False

    @classmethod
    def elsewhere(cls, spec: ImagesSpec, urls: Sequence[str]) -> list[str]:
        """Pages that it opens on none of these sites; pictures may be anywhere."""
        is_there = reachable(urls)
        return [query.url for query in spec.queries if query.url != LAST_PAGE and not is_there(query.url)]

    @classmethod
    def opens_pages(cls, spec: ImagesSpec) -> bool:
        return any(query.url != LAST_PAGE for query in spec.queries)

    def cannot_score(self, spec: ImagesSpec) -> str:
        name, rules = rules_for(self._scoring, spec.rules)
        if not rules.of_visual:
            return f"the rules of {name} know no {self.name}"
        return missing() if any(query.alike for query in spec.queries) else ""

    async def collect(self, spec: ImagesSpec, end: EpisodeEnd) -> dict[str, Any]:
        """Looks at the pictures of every query, and keeps them.

        Raises:
            PictureMissing: one that the check compares with cannot be had, or a server fails to give one of the page.
        """
        urls = urls_named(self.name, spec, end)
        return {"urls": urls, "queries": [await self._look(query, end) for query in spec.queries]}

    async def _look(self, query: ImageQuery, end: EpisodeEnd) -> dict[str, Any]:
        asked = render(query.url, end.lease.urls)
        opened = end.page.url if asked == LAST_PAGE else await end.page.open(asked)
        script = _BELOW % json.dumps(query.locator) if query.locator.strip() else _ALL
        sources: list[str | None] = await end.page.evaluate(script, asked)
        references = await self._references(query, end) if sources else []
        found = [await self._picture(source, opened, end, references) for source in dict.fromkeys(sources)]
        kept = [{"address": address, "file": end.pictures.keep(picture)} for address, picture in references]
        return {"asked": asked, "opened": opened, "pictures": found, "compared_with": kept}

    async def _picture(
        self, source: str | None, page: str, end: EpisodeEnd, references: Sequence[tuple[str, Picture]]
    ) -> dict[str, Any]:
        """One of the page; `note` says of one that is none why, which is passed over (as published)."""
        address = joined(page, source or "")
        if source is None or not address.startswith(("http://", "https://")):
            return {"source": (source or "")[:200], "note": "no address that could be asked"}
        try:
            picture = await end.source.get(address, _sites(end))
        except NoPicture as error:
            return {"source": address, "note": str(error)}
        alike = [await asyncio.to_thread(likeness, picture.data, other.data) for _, other in references]
        return {"source": address, "file": end.pictures.keep(picture), "likeness": alike}

    async def _references(self, query: ImageQuery, end: EpisodeEnd) -> list[tuple[str, Picture]]:
        """Those that there are of the alternatives: task 418 names one by a path that is on no machine."""
        found, error = list[tuple[str, Picture]](), None
        for address in query.alike.split(ALTERNATIVES) if query.alike else ():
            try:
                picture = await end.source.named(address, end.lease.urls, task_set=end.task.task_set)
            except NoPicture as missing_one:
                if is_literal(address) and not address.startswith(("http://", "https://")):
                    error = missing_one
                    continue
                raise
            found.append((address, picture))
        if error is not None and not found:
            raise error
        return found

    @classmethod
    def evidence_of(cls, spec: ImagesSpec, outcome: ImagesOutcome, urls: Mapping[str, str]) -> dict[str, Any]:
        if len(outcome.likeness) != len(spec.queries):
            raise TaskFileError(
                f"the check has {len(spec.queries)} queries, but 'likeness' has {len(outcome.likeness)} numbers; "
                "expected one for each"
            )
        pictures = [[] if alike is None else [{"file": "", "likeness": [alike]}] for alike in outcome.likeness]
        return {"urls": dict(urls), "queries": [{"opened": "", "pictures": each} for each in pictures]}

    @classmethod
    def recall(cls, spec: ImagesSpec, past: Past) -> dict[str, Any]:
        """What the episode's own checks saw of the same pictures."""
        urls = urls_recalled(cls.name, spec, past.urls)
        kept = {
            (query.url, query.locator, query.alike): seen
            for old, evidence in past.seen
            for query, seen in zip(old.queries, evidence.get("queries", ()), strict=False)
        }
        found = [kept.get((query.url, query.locator, query.alike)) for query in spec.queries]
        if None in found:
            raise EvidenceMissing(f"{cls.name}: it looks at pictures that no check of the run has looked at")
        return {"urls": urls, "queries": found}

    def score(
        self, spec: ImagesSpec, evidence: Mapping[str, Any], verdicts: Sequence[Verdict] = ()
    ) -> Score | Question:
        """Officially each query forgets what the one before it found, except that it found no picture at all."""
        answers = Answers(verdicts, whole_words=self._scoring.whole_words)
        faults: list[str] = []
        last = len(spec.queries) - 1
        for index, (query, seen) in enumerate(zip(spec.queries, evidence["queries"], strict=True)):
            pictures = [each for each in seen["pictures"] if "file" in each]
            where = f"query {index} ({query.locator or 'all pictures'} of {seen['opened'] or query.url})"
            if not pictures:
                faults.append(f"{where}: no picture is there")
                break
            if index < last and not self._scoring.all_image_queries:
                continue
            fault = _likeness_fault(query, pictures) or answers.fault(query.questions, pictures)
            if isinstance(fault, Question):
                return fault
            if fault:
                faults.append(f"{where}: {fault}")
                break
        counted = "the query" if not last else f"all {last + 1} queries"
        if last and not self._scoring.all_image_queries:
            counted = f"the last of {last + 1} queries, which alone counts,"
        return Score(
            evaluator=self.name,
            value=float(not faults),
            explanation="; ".join(faults) or f"{counted} found what is looked for",
            evidence=dict(evidence),
            verdicts=answers.verdicts,
        )


def _likeness_fault(query: ImageQuery, pictures: Sequence[Mapping[str, Any]]) -> str:
    if not query.alike:
        return ""
    best = max((alike for each in pictures for alike in each["likeness"]), default=0.0)
    return "" if best > query.threshold else f"the likest picture is {best:.3f} like, not above {query.threshold:g}"


def _sites(end: EpisodeEnd) -> list[str]:
    return [*end.lease.urls.values(), *end.lease.more_urls]


def _query(node: Node) -> ImageQuery:
    url, locator = node.key("eval_image_url"), node.key("eval_image_class")
    if url.filled_text() != LAST_PAGE and (fault := fault_of(url.text())):
        raise url.fault(f"{fault}, found {shown(url.text())}")
    if locator.text().strip() and not locator.text().startswith("."):
        raise locator.wrong("an empty text, or a CSS selector that begins with a class")
    if not {ASKED, ALIKE} & set(node.value):
        raise node.fault(f"expected {ASKED} or {ALIKE}")
    threshold = node.get("ssim_threshold", THRESHOLD)
    if not isinstance(threshold.value, int | float):
        raise threshold.wrong("a number")
    return ImageQuery(
        url=url.text(),
        locator=locator.text(),
        questions=tuple(
            AskedOfPictures(question=each.key("question").filled_text(), answer=each.key("answer").filled_text())
            for each in node.get(ASKED, []).items()
        ),
        alike=node.key(ALIKE).filled_text() if ALIKE in node.value else "",
        threshold=threshold.value,
    )
