"""The judge: a model that decides whether a fuzzy answer or a stated reason is right; its verdicts are kept on disk."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from webarena_runner.actions.thoughts import ends_in_thoughts
from webarena_runner.errors import (
    JudgeError,
    JudgeUnusable,
    ModelError,
    ModelExhausted,
    ModelRefused,
    NoAnswer,
    PromptTooLong,
)
from webarena_runner.evaluators.verdict import PICTURE, read_verdict
from webarena_runner.interfaces import JudgeReply, ModelBackend, RequestTag
from webarena_runner.log.files import write_atomically
from webarena_runner.settings.records import ModelSpec, ScoringSettings
from webarena_runner.types import Completion, Message, Sampling

log = logging.getLogger(__name__)

SAMPLING = Sampling(temperature=0.0, top_p=1.0, max_tokens=768)
SYSTEM = (
    "You grade the work of an assistant that looks things up on web sites. You are exact and you follow the format."
)
LOOKS = "You look at pictures and answer questions about them. You are exact and brief."
PROMPTS = {
    "picture": """Look at the picture and answer the question in a few words: yes, no, or what is asked for.

Question: {intent}
Answer:""",
    "fuzzy": """An assistant was given a task, and its answer has to be graded against a reference answer.

Task: {intent}
Reference answer: {reference}
The assistant's answer: {answer}

Decide by meaning, not by wording. Other units, date formats, abbreviations and letter case are fine when they mean \
the same. Further text in the assistant's answer is fine unless it contradicts the reference. The reference may be \
only one part of what the task asks for: then look for that part alone.
First give your reason in one or two sentences. Then end with exactly one of these verdicts:
correct - the answer states what the reference states
partially correct - it states some of it
incorrect - it states none of it, or contradicts it""",
    "unachievable": """An assistant was given a task that cannot be done as stated. The true reason is known. The \
assistant gave an answer, and you decide whether it reports that the task cannot be done, for that reason.

Task: {intent}
True reason why it cannot be done: {reference}
The assistant's answer: {answer}

An answer that says that nothing was found, or that something does not exist, gives the same reason if the true \
reason implies it. An answer that claims to have done the task, or gives another obstacle, is different.
First give your reason in one or two sentences. Then end with exactly one of these verdicts:
same - the answer gives the true reason, or one that follows from it
different - it does not""",
}


def identity_of(spec: ModelSpec, facts: Mapping[str, str]) -> dict[str, Any]:
    """What a model's replies depend on, as far as can be known: its file but for names and prices, and its server."""
    apart = {"name", "description", "prices", "rates", "leaderboard"}
    return spec.model_dump(mode="json", exclude=apart) | {"facts": dict(facts)}


def prompt_of(kind: str, *, intent: str, reference: str, answer: str) -> str:
    """All that the judge is asked, its system text included."""
    return f"{_system(kind)}\n\n{PROMPTS[kind].format(intent=intent, reference=reference, answer=answer)}"


def sha256_of_prompt(kind: str) -> str:
    """Of the prompt before anything is filled in."""
    return hashlib.sha256(f"{_system(kind)}\n{PROMPTS[kind]}".encode()).hexdigest()


def _system(kind: str) -> str:
    return LOOKS if kind == PICTURE else SYSTEM


class ModelJudge:
    """Asks a model backend, each question once: verdicts are files in `cache_dir`, which processes share.

    `identity` is all that a verdict depends on beside the question, as JSON values. Without a folder none is kept.
    `max_tokens` is of a reply; None: the official limit. `scoring` says how a verdict is read.
    """

    def __init__(
        self,
        backend: ModelBackend,
        name: str,
        cache_dir: Path | None,
        *,
        identity: Mapping[str, Any] | None = None,
        max_tokens: int | None = None,
        scoring: ScoringSettings | None = None,
    ) -> None:
        self._scoring = scoring or ScoringSettings()
        self._sampling = SAMPLING.model_copy(update={"max_tokens": max_tokens}) if max_tokens else SAMPLING
        self._backend = backend
        self._name = name
        self._identity = dict(identity or {})
        self._cache_dir = cache_dir
        self._keeping = asyncio.Lock()  # guards the folder: of two verdicts at a time the first one is kept

    @property
    def name(self) -> str:
        return self._name

    async def ask(
        self, kind: str, *, intent: str, reference: str, answer: str, pictures: Sequence[bytes] = ()
    ) -> JudgeReply:
        """The judge's full reply; one without a verdict is not kept, so that a later run asks again.

        What `pictures` show is in the reference, by their checksums, which verdicts are kept by.

        Raises:
            JudgeError: the model failed, after the backend's own retries, or its reply ended at its limit without a
                verdict; with what that has cost.
            JudgeUnusable: it has no such prompt, refuses the request, or the cache folder cannot be used.
            ModelExhausted: its quota, or what the run may cost, is used up.
        """
        if kind not in PROMPTS:
            raise JudgeUnusable(f"judge {self._name}: no prompt for '{kind}'; there are: {', '.join(PROMPTS)}")
        question = {
            "judge": self._name,
            "identity": self._identity,
            "prompt_sha256": sha256_of_prompt(kind),
            "kind": kind,
            "intent": intent,
            "reference": reference,
            "answer": answer,
        }
        key = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
        path = self._cache_dir / f"{key}.json" if self._cache_dir else None
        prompt = PROMPTS[kind].format(intent=intent, reference=reference, answer=answer)
        asked = prompt_of(kind, intent=intent, reference=reference, answer=answer)
        if path and (kept := self._kept(path, kind)) is not None:
            return JudgeReply(kept, cached=True, question=asked)
        completion = await self._generate(_system(kind), prompt, pictures)
        text, cost_usd = completion.text, completion.cost_usd
        verdict = read_verdict(kind, text, self._scoring)
        is_thinking = self._scoring.judge_skip_thoughts and ends_in_thoughts(text)
        if completion.is_cut and (verdict is None or is_thinking):
            cut = JudgeError(
                f"judge {self._name}: its reply was cut after {completion.completion_tokens} tokens, before a verdict; "
                "set a higher sampling.max_tokens in its model file"
            )
            cut.cost_usd = cost_usd
            raise cut
        if verdict is None:
            log.warning("judge %s gave no verdict on %r: %.200r", self._name, reference, text)
            return JudgeReply(text, cached=False, cost_usd=cost_usd, question=asked)
        if path:
            async with self._keeping:
                # Another episode may have asked the same meanwhile: the verdict that was first on disk holds for all.
                if (kept := self._kept(path, kind)) is not None:
                    return JudgeReply(kept, cached=True, cost_usd=cost_usd, question=asked)
                await asyncio.to_thread(_keep, path, {**question, "reply": text})
        return JudgeReply(text, cached=False, cost_usd=cost_usd, question=asked)

    def _kept(self, path: Path, kind: str) -> str | None:
        """A kept reply in which there is a verdict by the rules of this run."""
        kept = _read(path)
        return None if kept is None or read_verdict(kind, kept, self._scoring) is None else kept

    async def _generate(self, system: str, prompt: str, pictures: Sequence[bytes]) -> Completion:
        asked = Message(role="user", content=prompt, images=tuple(pictures))
        messages = (Message(role="system", content=system), asked)
        try:
            return await self._backend.generate(messages, self._sampling, tag=RequestTag(task_set="judge"))
        except ModelExhausted:
            raise
        except (ModelRefused, PromptTooLong) as error:
            raise JudgeUnusable(f"judge {self._name}: {error}") from error
        except ModelError as error:
            failed = JudgeError(f"judge {self._name}: {error}")
            if isinstance(error, NoAnswer) and error.completion:
                failed.cost_usd = error.completion.cost_usd
            raise failed from error


def _read(path: Path) -> str | None:
    """The kept reply; None when there is none that can be read."""
    try:
        kept = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JudgeUnusable(f"{path}: the judge's kept verdicts cannot be read: {error}") from error
    except ValueError:
        kept = None
    if not (isinstance(kept, dict) and isinstance(kept.get("reply"), str)):
        log.warning("%s is no kept verdict; asking the judge again", path)
        return None
    reply: str = kept["reply"]
    return reply


def _keep(path: Path, verdict: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(verdict, ensure_ascii=False, indent=1))
    except OSError as error:
        raise JudgeUnusable(f"{path.parent}: the judge's verdict cannot be kept: {error}") from error
