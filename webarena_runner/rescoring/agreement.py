"""How far two judges agree on the same questions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from webarena_runner.evaluators.verdict import read_verdict
from webarena_runner.log.paths import Key
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import Agreement, Disagreement, EpisodeResult, RescoredEpisode, Score, Verdict

# Rows and columns of the table.
CATEGORIES: tuple[float | None, ...] = (0.0, 1.0, None)


@dataclass(frozen=True)
class _Pair:
    key: Key
    answer: str
    before: Verdict
    after: Verdict
    read: tuple[float | None, float | None]


def agreement(
    results: Mapping[Key, EpisodeResult],
    rescored: Sequence[RescoredEpisode],
    scoring: ScoringSettings,
    *,
    judge_before: str,
    judge_after: str,
) -> Agreement | None:
    """Over the questions that both have answered; None when there are none. Replies are read by the same rules."""
    pairs = [pair for each in rescored for pair in _pairs(results.get((each.task_id, each.trial)), each, scoring)]
    if not pairs:
        return None
    rows = [[sum(pair.read == (first, second) for pair in pairs) for second in CATEGORIES] for first in CATEGORIES]
    kappa, interval = cohens_kappa(rows)
    return Agreement(
        judge_before=judge_before,
        judge_after=judge_after,
        questions=len(pairs),
        agreed=sum(pair.read[0] == pair.read[1] for pair in pairs),
        kappa=kappa,
        interval=interval,
        counts=tuple(map(tuple, rows)),
        disagreements=tuple(_disagreement(pair) for pair in pairs if pair.read[0] != pair.read[1]),
    )


def cohens_kappa(counts: Sequence[Sequence[int]]) -> tuple[float | None, tuple[float, float] | None]:
    """Kappa and its 95 % interval of a square table; None where chance alone would have them always agree.

    No interval, too, where its standard error is 0.
    """
    # It takes a second to import.
    from statsmodels.stats.inter_rater import cohens_kappa as kappa_of

    used = [index for index, row in enumerate(counts) if any(row) or any(each[index] for each in counts)]
    if len(used) < 2:
        return None, None
    # It divides by a standard error that is 0 where one of the two always said the same.
    with np.errstate(invalid="ignore", divide="ignore"):
        found = kappa_of([[counts[first][second] for second in used] for first in used])
    if not found.std_kappa:
        return float(found.kappa), None
    # The interval is one of large samples, and may leave the values that kappa can have.
    return float(found.kappa), (max(-1.0, float(found.kappa_low)), min(1.0, float(found.kappa_upp)))


def _pairs(result: EpisodeResult | None, rescored: RescoredEpisode, scoring: ScoringSettings) -> Iterator[_Pair]:
    if result is None:
        return
    before = {each: verdict for each, _, verdict in _answers(result.scores)}
    for question, answer, verdict in _answers(rescored.scores):
        if (old := before.get(question)) is not None:
            kind = verdict.kind
            read = read_verdict(kind, old.reply, scoring), read_verdict(kind, verdict.reply, scoring)
            yield _Pair((rescored.task_id, rescored.trial), answer, old, verdict, read)


def _answers(scores: Sequence[Score]) -> Iterator[tuple[tuple[str, str, str], str, Verdict]]:
    """Each question, as kind, reference and answer, with the answer and the verdict on it."""
    for score in scores:
        answer = str(score.evidence.get("answer", ""))
        for verdict in score.verdicts:
            yield (verdict.kind, verdict.reference, answer), answer, verdict


def _disagreement(pair: _Pair) -> Disagreement:
    return Disagreement(
        task_id=pair.key[0],
        trial=pair.key[1],
        kind=pair.after.kind,
        reference=pair.after.reference,
        answer=pair.answer,
        before=pair.read[0],
        after=pair.read[1],
        reply_before=pair.before.reply,
        reply_after=pair.after.reply,
    )
