"""Verdicts that a judge has given before, in a run or when it was re-scored, found without asking anyone."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webarena_runner.errors import StoreError
from webarena_runner.evaluators.judge import PROMPTS, identity_of, prompt_of, sha256_of_prompt
from webarena_runner.evaluators.verdict import read_verdict
from webarena_runner.interfaces import Judge, JudgeReply, Question
from webarena_runner.log.files import read_bytes
from webarena_runner.log.paths import RunPaths
from webarena_runner.settings.records import ModelSpec, ScoringSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeptVerdicts:
    """What one judge has said, by question; what its server tells of itself is not asked for here."""

    replies: Mapping[tuple[str, str, str, str], str] = field(repr=False)

    def reply(self, question: Question, intent: str) -> str | None:
        return self.replies.get((question.kind, intent, question.reference, question.answer))


def kept_verdicts(run: RunPaths, spec: ModelSpec, scoring: ScoringSettings) -> KeptVerdicts:
    """Of the judge that this model file describes; replies without a verdict, and of other prompts, are left out."""
    wanted, name = _apart_from_facts(identity_of(spec, {})), spec.model or spec.name
    prompts = {kind: sha256_of_prompt(kind) for kind in PROMPTS}
    found = {}
    for raw in _records([run.verdicts, *(paths.verdicts for paths in run.rescorings)]):
        kind, reply = raw.get("kind"), raw.get("reply")
        same_judge = raw.get("judge") == name and _apart_from_facts(raw.get("identity")) == wanted
        if not same_judge or kind not in prompts or raw.get("prompt_sha256") != prompts[kind]:
            continue
        if isinstance(reply, str) and read_verdict(kind, reply, scoring) is not None:
            found[kind, str(raw.get("intent")), str(raw.get("reference")), str(raw.get("answer"))] = reply
    return KeptVerdicts(found)


class KeepingJudge:
    """A judge that is asked only what it has not said before; `judge` None: nothing else can be asked."""

    def __init__(self, name: str, kept: KeptVerdicts, judge: Judge | None) -> None:
        self._name = name
        self._kept = kept
        self._judge = judge

    @property
    def name(self) -> str:
        return self._name

    async def ask(
        self, kind: str, *, intent: str, reference: str, answer: str, pictures: Sequence[bytes] = ()
    ) -> JudgeReply:
        """Raises what the judge raises; without one nothing is to be asked that is not kept."""
        reply = self._kept.reply(Question(kind, reference, answer), intent)
        if reply is not None:
            asked = prompt_of(kind, intent=intent, reference=reference, answer=answer)
            return JudgeReply(reply, cached=True, question=asked)
        if self._judge is None:
            raise RuntimeError(f"judge {self._name} was not opened, and has to be asked: {reference!r}")
        shown = {"pictures": pictures} if pictures else {}
        return await self._judge.ask(kind, intent=intent, reference=reference, answer=answer, **shown)


def _records(folders: list[Path]) -> Iterator[dict[str, Any]]:
    for path in (path for folder in folders for path in sorted(folder.glob("*.json"))):
        try:
            raw = json.loads(read_bytes(path))
        except (StoreError, ValueError):
            log.warning("%s is no kept verdict", path)
            continue
        if isinstance(raw, dict):
            yield raw


def _apart_from_facts(identity: Any) -> Any:
    return {key: value for key, value in identity.items() if key != "facts"} if isinstance(identity, dict) else None
