"""A whole run scored again: offline by what it has recorded, or with a judge."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webarena_runner.errors import (
    DamagedRecord,
    EvidenceMissing,
    JudgeError,
    JudgeUnusable,
    ModelExhausted,
    NoPicture,
    TaskFileError,
)
from webarena_runner.evaluators.again import Scores
from webarena_runner.evaluators.combine import asked
from webarena_runner.evaluators.verdict import POSITIVE
from webarena_runner.interfaces import Judge
from webarena_runner.log.paths import Key
from webarena_runner.rescoring.episodes import Open, Rescorer
from webarena_runner.rescoring.verdicts import KeptVerdicts
from webarena_runner.types import RescoredEpisode, Verdict

QUESTIONS_AT_A_TIME = 4


@dataclass(frozen=True)
class Questions:
    """How many a judge is asked at most, were each of its verdicts a yes, and to how many the answer is kept."""

    open: int
    kept: int


def rescored_offline(rescorer: Rescorer, keys: Sequence[Key]) -> list[RescoredEpisode]:
    """With the verdicts that the run has recorded. Raises ConfigError when a kind of check has no evaluator here."""
    return [rescorer.by_record(key) for key in keys]


def count_questions(rescorer: Rescorer, keys: Sequence[Key], kept: KeptVerdicts) -> Questions:
    """Asks nobody. Raises ConfigError as `rescored_offline`."""
    to_ask, found = set(), 0
    for key in keys:
        opened = rescorer.begin(key)
        if isinstance(opened, RescoredEpisode):
            continue
        try:
            question = next(opened.scoring)
            while True:
                reply = kept.reply(question, opened.intent)
                if reply is None:
                    to_ask.add((question.kind, opened.intent, question.reference, question.answer))
                found += reply is not None
                question = opened.scoring.send(
                    Verdict(
                        kind=question.kind,
                        reference=question.reference,
                        reply=POSITIVE.get(question.kind, "") if reply is None else reply,
                        score=None,
                        judge="",
                        cached=True,
                    )
                )
        except StopIteration:
            continue
        except (EvidenceMissing, TaskFileError):
            continue
    return Questions(len(to_ask), found)


async def rescored_by(
    judge: Judge,
    rescorer: Rescorer,
    keys: Sequence[Key],
    *,
    on_answer: Callable[[], None] = lambda: None,
) -> list[RescoredEpisode]:
    """Asks the judge instead of the recorded verdicts. What it does not answer is an error of that episode.

    When it can be asked no more (a day's quota, `--max-cost`), the episodes that are left are such errors too.

    Raises:
        ConfigError: a kind of check has no evaluator here.
    """
    turns, spent = asyncio.Semaphore(QUESTIONS_AT_A_TIME), _Spent()

    async def of_task(its_keys: Sequence[Key]) -> list[RescoredEpisode]:
        # Trials of a task in turn, so that a question that they share is asked once.
        async with turns:
            return [await _by_judge(judge, rescorer, key, spent, on_answer) for key in its_keys]

    async with asyncio.TaskGroup() as group:
        jobs = [group.create_task(of_task(its_keys)) for its_keys in _by_task(keys)]
    found = {(each.task_id, each.trial): each for job in jobs for each in job.result()}
    return [found[key] for key in keys]


@dataclass
class _Spent:
    """Why the judge can be asked no more; "": it can."""

    why: str = ""


async def _by_judge(
    judge: Judge, rescorer: Rescorer, key: Key, spent: _Spent, on_answer: Callable[[], None]
) -> RescoredEpisode:
    opened = rescorer.begin(key)
    if isinstance(opened, RescoredEpisode):
        return opened
    try:
        return rescorer.scored(key, opened, await _asking(judge, opened, spent, on_answer))
    except ModelExhausted as error:
        spent.why = str(error)
        return rescorer.judge_failed(key, spent.why)
    except JudgeError as error:
        return rescorer.judge_failed(key, str(error))
    except (EvidenceMissing, TaskFileError, DamagedRecord, NoPicture) as error:
        return rescorer.lacks_evidence(key, str(error))


async def _asking(judge: Judge, opened: Open, spent: _Spent, on_answer: Callable[[], None]) -> Scores:
    try:
        question = next(opened.scoring)
        while True:
            if spent.why:
                raise JudgeUnusable(f"not asked: {spent.why}")
            verdict = await asked(judge, question, opened.intent, opened.pictures)
            on_answer()
            question = opened.scoring.send(verdict)
    except StopIteration as done:
        scores: Scores = done.value
        return scores


def _by_task(keys: Sequence[Key]) -> list[list[Key]]:
    groups: dict[object, list[Key]] = {}
    for key in keys:
        groups.setdefault(key[0], []).append(key)
    return list(groups.values())
