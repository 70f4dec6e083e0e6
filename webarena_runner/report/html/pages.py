"""Renders the pages of one run's report, in any order; nothing is kept but the run's results."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from webarena_runner.log.paths import AttemptPaths, Key, RunPaths
from webarena_runner.report.html.episode import EpisodeView, episode_view
from webarena_runner.report.html.overview import overview_view
from webarena_runner.report.html.pictures import Picture, picture
from webarena_runner.report.html.templates import Frame, asset_text, render, stream
from webarena_runner.report.summary import RunReport


@dataclass(frozen=True)
class Pages:
    """`frame` is what is around every page; its `root` is that of the overview. `only` these episodes have one."""

    report: RunReport
    frame: Frame = Frame()
    only: frozenset[Key] | None = None

    def overview(self) -> str:
        """`index.html`."""
        return render("overview.html", self.frame, **self._overview())

    def single(self) -> Iterator[str]:
        """All pages as one, in parts."""
        episodes = (self.view(paths) for paths in self.attempts())
        return stream("single.html", replace(self.frame, inline=True), **self._overview(), episodes=episodes)

    def episode(self, key: Key) -> str:
        """The page of the latest attempt, also when none was begun. Raises KeyError: it was not planned."""
        return self.of(self.view(RunPaths(self.report.folder).episode(*key)))

    def named(self, name: str) -> str:
        """The page `tasks/NAME.html`: `7.0`, or of an earlier attempt `7.0.1`. Raises KeyError: there is none."""
        return self.of(self.view(self._attempt(name)))

    def asset(self, name: str) -> str:
        """The file `static/NAME`. Raises KeyError."""
        return asset_text(name)

    def picture(self, name: str, file: str) -> Picture:
        """The screenshot `pictures/NAME/FILE`. Raises KeyError: it is not there, or no picture."""
        found = picture(self._attempt(name), file)
        if isinstance(found, str):
            raise KeyError(found)
        return found

    def attempts(self) -> Iterator[AttemptPaths]:
        """All that have a page: the latest of everything that was planned, begun or not, and those before it."""
        run = RunPaths(self.report.folder)
        for key in self.shown:
            yield run.episode(*key)
            yield from run.earlier_attempts(*key)

    def view(self, paths: AttemptPaths) -> EpisodeView:
        """What the page of an attempt shows. Raises KeyError: the run has no such episode."""
        if paths.key not in self._planned or (paths.number is not None and not paths.folder.is_dir()):
            raise KeyError(paths.folder.name)
        return episode_view(self.report, paths, self.shown)

    def of(self, view: EpisodeView) -> str:
        frame = replace(self.frame, root=f"{self.frame.root}../")
        return render("episode.html", frame, report=self.report, view=view)

    @cached_property
    def shown(self) -> tuple[Key, ...]:
        """Those episodes, in the order of the plan."""
        return tuple(key for key in self.report.manifest.planned if self.only is None or key in self.only)

    @cached_property
    def _planned(self) -> frozenset[Key]:
        return frozenset(self.report.manifest.planned)

    def _overview(self) -> dict[str, Any]:
        view = overview_view(self.report, frozenset(self.shown))
        return {"report": self.report, "view": view, "made_at": datetime.now(UTC)}

    def _attempt(self, name: str) -> AttemptPaths:
        paths = RunPaths(self.report.folder).attempt(name)
        if paths is None:
            raise KeyError(name)
        return paths
