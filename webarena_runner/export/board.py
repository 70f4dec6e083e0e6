"""All runs of a folder in one table, read from the run folders; which of them can be set side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from webarena_runner.errors import StoreError, UsageError
from webarena_runner.export.leaderboard import MODEL, row_of
from webarena_runner.log.paths import runs_in
from webarena_runner.report.comparison.manifests import alike
from webarena_runner.report.summary import Counts, load_run
from webarena_runner.types import RunManifest


@dataclass(frozen=True)
class Entry:
    """A run with its row; `faults` are of what of its folder cannot be read, `cost_usd` None where it is not known."""

    row: dict[str, str]
    manifest: RunManifest
    run_id: str
    total: Counts
    interval: tuple[float, float] | None
    steps: int
    tokens: int
    wall_s: float
    cost_usd: float | None
    faults: tuple[str, ...]

    @property
    def unfinished(self) -> bool:
        return self.total.missing > 0

    @property
    def marks(self) -> str:
        """What of the plan has no score."""
        parts = ((self.total.missing, "not run"), (self.total.errored, "errored"))
        return ", ".join(f"{number} {what}" for number, what in parts if number)


# Each key with whether its highest value comes first.
SORT_KEYS: dict[str, tuple[Callable[[Entry], Any], bool]] = {
    "rate": (lambda entry: entry.total.success_rate, True),
    "passed": (lambda entry: entry.total.passed, True),
    "planned": (lambda entry: entry.total.planned, True),
    "started": (lambda entry: entry.manifest.started_at, True),
    "model": (lambda entry: entry.manifest.model.casefold(), False),
    "profile": (lambda entry: entry.manifest.profile, False),
    "task-set": (lambda entry: entry.manifest.task_set, False),
    "run": (lambda entry: entry.run_id, False),
    "errored": (lambda entry: entry.total.errored, False),
    "steps": (lambda entry: entry.steps, False),
    "tokens": (lambda entry: entry.tokens, False),
    "cost": (lambda entry: entry.cost_usd, False),
    "time": (lambda entry: entry.wall_s, False),
}


@dataclass(frozen=True)
class Wanted:
    """Which runs, by patterns such as `llama*`; None: any."""

    task_set: str | None = None
    model: str | None = None
    profile: str | None = None

    def has(self, entry: Entry) -> bool:
        manifest = entry.manifest
        return (
            _fits(self.task_set, manifest.task_set)
            and _fits(self.model, manifest.model, entry.row[MODEL])
            and _fits(self.profile, manifest.profile)
        )


@dataclass(frozen=True)
class Board:
    """`groups` has the number of each entry's group: within one, success rates can be set side by side.

    `unreadable` says of folders that cannot be read what is wrong with them.
    """

    entries: tuple[Entry, ...]
    groups: tuple[int, ...]
    unreadable: tuple[str, ...]

    def first_of(self, group: int) -> Entry:
        return self.entries[self.groups.index(group)]


def load_board(out: Path, *, sort: str = "rate", wanted: Wanted | None = None) -> Board:
    """Raises UsageError for a sort key that there is not, and when no run is there, or none is wanted."""
    keys = _sort_keys(sort)
    folders = sorted(runs_in(out))
    if not folders:
        raise UsageError(f"{out}: there are no runs; give the folder that holds them with --out")
    found, unreadable = _read(folders)
    entries = [entry for entry in found if wanted is None or wanted.has(entry)]
    if found and not entries:
        raise UsageError(f"none of the {len(found)} runs in {out} is so; there are {_there_are(found)}")
    for name, turned in reversed(keys):
        value, highest_first = SORT_KEYS[name]
        known = [entry for entry in entries if value(entry) is not None]
        known.sort(key=value, reverse=highest_first != turned)
        entries = known + [entry for entry in entries if value(entry) is None]
    numbers: dict[tuple[str, ...], int] = {}
    groups = tuple(numbers.setdefault(tuple(alike(entry.manifest).values()), len(numbers) + 1) for entry in entries)
    return Board(tuple(entries), groups, unreadable)


def _read(folders: Sequence[Path]) -> tuple[list[Entry], tuple[str, ...]]:
    """One at a time: of each only what is shown stays in memory."""
    found, unreadable = [], []
    for folder in folders:
        try:
            found.append(_entry(folder))
        except StoreError as error:
            unreadable.append(str(error))
    return found, tuple(unreadable)


def _entry(folder: Path) -> Entry:
    report = load_run(folder)
    return Entry(
        row=row_of(report),
        manifest=report.manifest,
        run_id=report.run_id,
        total=report.total,
        interval=report.interval,
        steps=report.steps,
        tokens=report.tokens,
        wall_s=report.wall_s,
        cost_usd=report.cost_usd,
        faults=report.damaged,
    )


def _sort_keys(text: str) -> list[tuple[str, bool]]:
    """Each key, and whether it is turned round by a `-`."""
    keys = [(key.strip().removeprefix("-"), key.strip().startswith("-")) for key in text.split(",")]
    for key, _ in keys:
        if key not in SORT_KEYS:
            raise UsageError(f"--sort {text}: {key!r} is no key; expected {', '.join(SORT_KEYS)}")
    return keys


def _fits(pattern: str | None, *texts: str) -> bool:
    return pattern is None or any(fnmatchcase(text.casefold(), pattern.casefold()) for text in texts)


def _there_are(entries: Sequence[Entry]) -> str:
    sets = sorted({entry.manifest.task_set for entry in entries})
    models = sorted({entry.manifest.model for entry in entries})
    profiles = sorted({entry.manifest.profile for entry in entries})
    return "; ".join(
        f"{what} {', '.join(names)}"
        for what, names in (("task sets", sets), ("models", models), ("profiles", profiles))
    )
