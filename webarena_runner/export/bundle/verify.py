"""Whether a bundle, or a run folder, is whole, and whether its scores follow from its evidence."""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from webarena_runner.errors import ConfigError, StoreError, UsageError
from webarena_runner.export.bundle.contents import ABOUT, FORMAT, SUMS, About, faults_of_sums, sums_of
from webarena_runner.log.files import is_file, read_bytes
from webarena_runner.log.paths import Key, RunPaths
from webarena_runner.log.reading import read_last_page, readable_steps
from webarena_runner.rescoring.episodes import Rescorer
from webarena_runner.rescoring.past import PastRun, load_past
from webarena_runner.types import EpisodeResult, Score, Standing, Step


@dataclass
class Verification:
    """What was found; `faults` is empty when all is as it has to be.

    `same` counts the scores that came out as recorded, `unscored` the episodes that ended in an error or did not run.
    `with_sums`: there are checksums, so it is a bundle or was one.
    """

    run_id: str = ""
    version: str = ""
    with_sums: bool = False
    files: int = 0
    planned: int = 0
    passed: int = 0
    same: int = 0
    unscored: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.faults

    def as_json(self) -> dict[str, Any]:
        return {"good": self.is_good, **vars(self)}


def verify_folder(folder: Path, sums: Mapping[str, str] | None = None) -> Verification:
    """Of a run folder, or of the folder in a bundle; what is wrong is told, and nothing is raised.

    `sums` has the checksum of each file, where they are known; pictures need not be on disk then.
    """
    found = Verification(run_id=folder.name, with_sums=is_file(folder / SUMS))
    try:
        sums = sums_of(folder) if sums is None else sums
        found.files = len(sums)
        if found.with_sums:
            found.faults += faults_of_sums(folder, sums)
        elif is_file(folder / ABOUT):
            found.faults.append(f"{SUMS}: is missing, without which nobody knows whether the rest is as it was")
    except UsageError as error:
        found.faults.append(str(error))
    steps: tuple[Callable[[Path, Verification, Set[str]], None], ...] = (_check_records, _check_scores)
    for step in steps:
        try:
            step(folder, found, frozenset(sums or ()))
        except UsageError as error:
            found.faults.append(str(error))
    # Each part is named from the folder on, which may be anywhere.
    found.faults = list(dict.fromkeys(fault.replace(f"{folder}/", "") for fault in found.faults))
    return found


def _check_records(folder: Path, found: Verification, names: Set[str]) -> None:
    """All that can be read has to be, down to the last step, and the pictures that steps name are there."""
    about = _about(folder)
    run = RunPaths(folder)
    for paths in run.all_attempts():
        named: list[str | None] = []
        for step in readable_steps(paths.folder):
            if isinstance(step, Step):
                named.append(step.screenshot_file)
            elif is_file(paths.result):
                # Of an attempt that was interrupted the last line may be cut off.
                found.faults.append(str(step))
        try:
            last = read_last_page(paths.folder)
            named.append(last.screenshot_file if last else None)
        except StoreError as error:
            found.faults.append(str(error))
        if about is None or about.pictures:
            found.faults += [
                f"{paths.folder / name}: a step names this picture, and it is missing"
                for name in named
                if name and f"{paths.folder.relative_to(folder).as_posix()}/{name}" not in names
            ]


def _about(folder: Path) -> About | None:
    """None of a folder that is no bundle. Raises StoreError when it cannot be read."""
    path = folder / ABOUT
    if not is_file(path):
        return None
    try:
        about = About.model_validate_json(read_bytes(path), extra="ignore")
    except ValidationError as error:
        raise StoreError(f"{path}: is damaged: {error.errors(include_url=False)[0]['msg']}") from error
    if about.format > FORMAT:
        raise StoreError(f"{path}: a bundle of a newer version (format {about.format}); upgrade webarena-runner")
    return about


def _check_scores(folder: Path, found: Verification, _names: Set[str]) -> None:
    """Every recorded score follows from the evidence and the verdicts that are in the folder."""
    run = load_past(folder)
    found.run_id, found.planned = run.run_id, len(run.manifest.planned)
    found.version = run.manifest.versions.get("webarena-runner", "")
    found.faults += run.damaged
    about = _about(folder)
    if run.manifest.imported:
        claimed = sum(result.value is not None for result in run.results.values())
        found.faults.append(
            f"imported from {run.manifest.imported.source}: for its {claimed} scores there is no evidence"
        )
        return
    rescorer = Rescorer(run, run.scoring)
    planned = set(run.manifest.planned)
    for key in dict.fromkeys([*run.manifest.planned, *run.results]):
        result = run.results.get(key)
        if key not in planned:
            found.faults.append(f"{_name(key)}: has a result, and was not planned")
        elif result is None or result.value is None:
            found.unscored += 1
        elif faults := list(_faults_of(run, rescorer, key, result)):
            found.faults += faults
        else:
            found.same += 1
    found.passed = sum(result.value == 1 for result in run.results.values())
    if about and (about.passed, about.planned) != (found.passed, found.planned):
        found.faults.append(
            f"{ABOUT}: says {about.passed} of {about.planned} passed, and the results say {found.passed} of "
            f"{found.planned}"
        )


def _faults_of(run: PastRun, rescorer: Rescorer, key: Key, result: EpisodeResult) -> Iterator[str]:
    try:
        again = rescorer.by_record(key)
    except ConfigError as error:
        yield f"{_name(key)}: cannot be scored again: {error}"
        return
    if again.standing is not Standing.SCORED:
        yield f"{_name(key)}: cannot be scored again: {again.why}"
    elif again.value != result.value:
        yield f"{_name(key)}: recorded {result.value!r}, recomputed {again.value!r}: {again.why}"
    elif [_bare(each) for each in again.scores] != [_bare(each) for each in result.scores]:
        yield f"{_name(key)}: an evaluator's part is not as recorded: {again.why}"


def _bare(score: Score) -> tuple[object, ...]:
    """A score without its words."""
    return score.evaluator, score.value, score.flags, tuple((each.kind, each.score) for each in score.verdicts)


def _name(key: Key) -> str:
    return f"task {key[0]} trial {key[1]}"
