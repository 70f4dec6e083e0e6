"""What is on disk of each episode of a run, as far as it can be read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from webarena_runner.errors import StoreError
from webarena_runner.log import reading
from webarena_runner.log.files import is_file, is_folder
from webarena_runner.log.paths import AttemptPaths, RunPaths, episode_name
from webarena_runner.report.summary import RunReport
from webarena_runner.types import EpisodeResult, LastPage, Step, Task

PICTURES = "images"


@dataclass(frozen=True)
class Episode:
    """What is on disk of the latest attempt; `faults` says what of it cannot be read, `result` None: interrupted.

    `pictures` maps names of screenshots that are there to their paths as the document has them.
    """

    key: tuple[int | str, int]
    task: Task | None
    steps: tuple[Step, ...]
    last_page: LastPage | None
    result: EpisodeResult | None
    pictures: Mapping[str, str]
    faults: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return episode_name(*self.key)


def episodes(report: RunReport) -> Iterator[Episode]:
    """Those that were begun, in the order of the plan; each is read when it is asked for."""
    for key in report.manifest.planned:
        paths = RunPaths(report.folder).episode(*key)
        if is_folder(paths.folder):
            yield _episode(report, paths)


def _episode(report: RunReport, paths: AttemptPaths) -> Episode:
    steps, faults = [], []
    for found in reading.readable_steps(paths.folder):
        if isinstance(found, Step):
            steps.append(found)
        else:
            faults.append(str(found))
    last_page: LastPage | None = None
    try:
        last_page = reading.read_last_page(paths.folder)
    except StoreError as error:
        faults.append(str(error))
    named = [each.screenshot_file for each in (*steps, *([last_page] if last_page else ())) if each.screenshot_file]
    there = [name for name in named if _is_picture(paths.folder, name)]
    faults += [f"screenshot {name!r:.100} is missing" for name in named if name not in there]
    task = report.task(paths.key[0])
    result = report.results.get(paths.key)
    pictures = {name: f"{PICTURES}/{name}" for name in there}
    return Episode(paths.key, task, tuple(steps), last_page, result, pictures, tuple(faults))


def _is_picture(folder: Path, name: str) -> bool:
    """Whether it is a file of the episode's own folder, and no way to another one."""
    path = folder / name
    return Path(name).name == name and not path.is_symlink() and is_file(path)
