"""What `wa-run rescore` writes beside a run."""

from enum import StrEnum

from pydantic import Field

from webarena_runner.types.episodes import Score
from webarena_runner.types.record import Record
from webarena_runner.types.tasks import TaskId


class Standing(StrEnum):
    """What became of an episode that was to be scored again."""

    SCORED = "scored"
    NEEDS_LIVE_CHECK = "needs_live_check"
    NEEDS_JUDGE = "needs_judge"
    JUDGE_FAILED = "judge_failed"
    NO_TASK = "not_in_task_file"
    ERRORED = "errored"
    NOT_RUN = "not_run"


class RescoredEpisode(Record):
    """One planned (task, trial): `before` is its recorded score, `value` the new one, each None where there is none.

    `why` says what is missing, or what the evaluators say of the new score; `was` what they said of the old one.
    `caveat` is what the new score takes for granted.
    """

    task_id: TaskId
    trial: int
    standing: Standing
    before: float | None
    value: float | None = None
    scores: tuple[Score, ...] = ()
    why: str = ""
    was: str = ""
    caveat: str = ""

    @property
    def changed(self) -> bool:
        """Whether there is a new score, and another one than before, or one where there was none."""
        return self.standing is Standing.SCORED and self.value != self.before


class Disagreement(Record):
    """A question that two judges decided differently; a score None: the reply was unclear."""

    task_id: TaskId
    trial: int
    kind: str
    reference: str
    answer: str
    before: float | None
    after: float | None
    reply_before: str
    reply_after: str


class Agreement(Record):
    """Verdicts of a run's judge and of another one on the same questions.

    `kappa` is Cohen's, with its 95 % interval; None where chance alone would have them agree, as when both always said
    the same. `counts` has, by the first judge's verdict (no, yes, unclear) and then the second's, how many questions.
    """

    judge_before: str
    judge_after: str
    questions: int
    agreed: int
    kappa: float | None
    interval: tuple[float, float] | None
    counts: tuple[tuple[int, ...], ...]
    disagreements: tuple[Disagreement, ...] = ()


class Rescoring(Record):
    """How a run was scored again: `scoring` are the settings, `judge` is "" where recorded verdicts were taken.

    `tasks_file` is "" where the checks are those of the run, `errata` says that shipped corrections were applied.
    """

    name: str
    run_id: str
    profile: str
    scoring: dict[str, bool | str]
    judge: str = ""
    tasks_file: str = ""
    tasks_sha256: str = ""
    errata: bool = False
    version: str
    planned: int
    passed_before: int
    passed: int
    standings: dict[Standing, int] = Field(default_factory=dict)
    cost_usd: float | None = None
    agreement: Agreement | None = None
