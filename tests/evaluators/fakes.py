"""Tiny in-memory stand-ins for what evaluators are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from webarena_runner.evaluators import score
from webarena_runner.evaluators.program_html import HtmlSpec
from webarena_runner.evaluators.string_match import StringSpec
from webarena_runner.evaluators.url_match import UrlSpec
from webarena_runner.interfaces import EpisodeEnd, Evaluator, JudgeReply, PageProbe, RequestTag, SiteLease
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS
from webarena_runner.types import Check, Completion, Message, Sampling, Score, Task

# How the placeholders of the recorded outcomes were rendered.
GOLDEN_URLS: Mapping[str, str] = {
    "shopping": "http://localhost:7770",
    "shopping_admin": "http://localhost:7780/admin",
    "reddit": "http://localhost:9999",
    "gitlab": "http://localhost:8023",
    "map": "http://localhost:3000",
    "wikipedia": "http://localhost:8888/wikipedia_en_all_maxi_2022-05/A/User:The_other_Kiwix_guy/Landing",
    "homepage": "http://localhost:4399",
}


@dataclass
class Page:
    """A page probe with an answer (or an error to raise) for every script, in order."""

    url: str = "http://localhost:7770/"
    answers: list[Any] = field(default_factory=list)
    html: str = "<html></html>"
    opened: list[str] = field(default_factory=list)
    scripts: list[tuple[str, str]] = field(default_factory=list)

    async def open(self, url: str) -> str:
        self.opened.append(url)
        return url

    async def content(self, url: str = "last") -> str:
        return self.html

    async def evaluate(self, script: str, url: str = "last") -> Any:
        self.scripts.append((script, url))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class SayingJudge:
    """A judge that says the next of its replies, the last one for ever."""

    replies: list[str]
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    intents: list[str] = field(default_factory=list)
    name: str = "saying-judge"
    cost_usd: float | None = None

    async def ask(self, kind: str, *, intent: str, reference: str, answer: str) -> JudgeReply:
        self.asked.append((kind, reference, answer))
        self.intents.append(intent)
        reply = self.replies[0] if len(self.replies) == 1 else self.replies.pop(0)
        return JudgeReply(reply, cached=False, cost_usd=self.cost_usd)


@dataclass
class SayingModel:
    """A model backend with a fixed reply (or an error) that keeps what it was asked."""

    reply: str | Exception
    cost_usd: float | None = None
    finish_reason: str = ""
    requests: list[tuple[Sequence[Message], Sampling]] = field(default_factory=list)

    async def check(self) -> None: ...

    async def generate(self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag) -> Completion:
        self.requests.append((messages, sampling))
        if isinstance(self.reply, Exception):
            raise self.reply
        return Completion(text=self.reply, cost_usd=self.cost_usd, finish_reason=self.finish_reason)

    async def count_tokens(self, text: str) -> int:
        return len(text.split())

    async def truncate(self, text: str, max_tokens: int) -> str:
        return " ".join(text.split()[:max_tokens])

    async def aclose(self) -> None: ...


KINDS = {StringSpec: "string_match", UrlSpec: "url_match", HtmlSpec: "program_html"}
Spec = StringSpec | UrlSpec | HtmlSpec


def check_of(spec: Spec) -> Check:
    return Check(kind=KINDS[type(spec)], spec=spec.model_dump(mode="json"))


async def evaluate(evaluator: Evaluator, end: EpisodeEnd, judge: SayingJudge | None = None) -> Score:
    """The score of a task with one check."""
    (check,) = end.task.checks
    _, (scored,) = await score(end.task, end, {check.kind: evaluator}, judge)
    return scored


def task_of(*specs: Spec, task_id: int = 7, intent: str = "How many orders are there?") -> Task:
    return Task(
        task_set="test",
        task_id=task_id,
        intent=intent,
        sites=("shopping",),
        start_urls=("__SHOPPING__",),
        login_sites=(),
        template_id=1,
        checks=tuple(map(check_of, specs)),
        raw={},
    )


def end_of(
    *specs: Spec,
    answer: str = "",
    page: PageProbe | None = None,
    urls: Mapping[str, str] = GOLDEN_URLS,
    accounts: Mapping[str, tuple[str, str]] = OFFICIAL_ACCOUNTS,
) -> EpisodeEnd:
    return EpisodeEnd(task_of(*specs), answer, SiteLease(urls, credentials=accounts), page or Page())
