"""The driver's book of what is played elsewhere: only what is in it is written to the run folder, and once."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from webarena_runner.errors import NodeGone, StoreError
from webarena_runner.interfaces.execution import Attempt, EpisodeStarted, StepTaken
from webarena_runner.log.dropping import drop_pictures
from webarena_runner.log.paths import RESULT, RunPaths
from webarena_runner.log.writing import EpisodeFolders, writing_below
from webarena_runner.running.cluster.messages import Ended, Granted, Piece, SharedText, Stepped, Usage
from webarena_runner.types import Ending, EpisodeResult, Failure, Task

log = logging.getLogger(__name__)


@dataclass
class Entry:
    """An attempt that is under way under a `token`, and what is known of it so far; `number` is that of its folder."""

    token: int
    attempt: Attempt
    slot: int
    folder: Path
    number: int
    granted: Granted | None = None
    steps: int = 0
    usage: Usage = Usage()
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Ledger:
    """Of one start of a run. Whoever comes with a token that is not, or no longer, in it changes nothing.

    `drops_pictures`: those of episodes that passed are not kept.
    """

    def __init__(
        self, folder: Path, *, on_event: Callable[[EpisodeStarted | StepTaken], None], drops_pictures: bool = False
    ) -> None:
        self._folders = EpisodeFolders(folder)
        self._on_event = on_event
        self._drops_pictures = drops_pictures
        self._open: dict[int, Entry] = {}
        self._latest = 0
        self.refused = 0

    def begin(self, attempt: Attempt, *, slot: int, granted: Granted | None = None) -> Entry:
        """Raises StoreError."""
        log_of = self._folders.begin(attempt.task_id, attempt.trial)
        self._latest += 1
        entry = Entry(self._latest, attempt, slot, log_of.folder, log_of.attempt, granted)
        self._open[entry.token] = entry
        self._on_event(EpisodeStarted(slot, attempt.task_id, attempt.trial, entry.number))
        return entry

    def take(self, news: Piece | SharedText | Stepped) -> None:
        """Raises StoreError."""
        match news:
            case SharedText(text=text):
                # What waits for the disk with the next result.
                with writing_below(self._folders.path):
                    self._folders.texts.add(text)
            case Piece():
                if entry := self._entry(news.token):
                    _write(entry.folder, news)
            case Stepped(index=index, action_text=action_text):
                if entry := self._entry(news.token):
                    entry.steps, entry.usage = index + 1, entry.usage + news.usage
                    self._on_event(StepTaken(entry.slot, entry.attempt.task_id, index, action_text))

    def close(self, ended: Ended) -> tuple[Entry, EpisodeResult | None] | None:
        """Of an attempt that is over: the result, to be put; None for one that is not under way any more."""
        entry = self._entry(ended.token)
        if entry is None:
            return None
        del self._open[ended.token]
        result = ended.result
        return entry, result and result.model_copy(update={"attempt": entry.number})

    def lose(self, entry: Entry, task: Task, why: str) -> EpisodeResult | None:
        """From here on its worker can write nothing more; the result, to be put. None: it has ended already."""
        return None if self._open.pop(entry.token, None) is None else lost_result(entry, task, why)

    def put(self, result: EpisodeResult) -> None:
        """Raises StoreError."""
        if self._drops_pictures and result.value == 1:
            drop_pictures(RunPaths(self._folders.path).episode(result.task_id, result.trial))
        self._folders.put(result)

    def _entry(self, token: int) -> Entry | None:
        entry = self._open.get(token)
        if entry is None:
            self.refused += 1
            log.info("news of an attempt that is not under way any more were left out")
        return entry


def lost_result(entry: Entry, task: Task, why: str) -> EpisodeResult:
    """Of an attempt whose node is gone: what it did until then counts, and it is no try of the task's."""
    now, usage = datetime.now(UTC), entry.usage
    error = NodeGone(why)
    return EpisodeResult(
        task_set=task.task_set,
        task_id=task.task_id,
        trial=entry.attempt.trial,
        attempt=entry.number,
        ending=Ending.ERROR,
        answer="",
        final_url="",
        value=None,
        scores=(),
        steps=entry.steps,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cached_tokens=usage.cached_tokens,
        cost_usd=usage.cost_usd,
        started_at=entry.started_at,
        finished_at=now,
        wall_s=(now - entry.started_at).total_seconds(),
        instance=entry.granted.instance if entry.granted else "",
        failure=Failure(
            error_class=error.error_class,
            message=why,
            traceback="",
            may_retry=error.may_retry,
            process_lost=error.process_lost,
        ),
    )


def _write(folder: Path, piece: Piece) -> None:
    # Workers are ours; a name that leads elsewhere would be a fault of ours all the same.
    if Path(piece.name).name != piece.name or piece.name.startswith(".") or piece.name == RESULT:
        raise StoreError(f"{folder}: {piece.name!r} is no file of an attempt")
    with writing_below(folder), (folder / piece.name).open("wb" if piece.begins else "ab") as file:
        file.write(piece.data)
