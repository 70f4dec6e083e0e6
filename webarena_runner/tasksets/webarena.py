"""The sets whose files are in WebArena's format: the official 812 tasks, WebArena-Lite and VisualWebArena."""

from webarena_runner.official.families import LITE, VISUAL, WEBARENA
from webarena_runner.tasksets.published import PublishedSet, Subsets
from webarena_runner.tasksets.records import ReadTasks


class WebArena(PublishedSet):
    family = WEBARENA


class WebArenaLite(PublishedSet):
    family = LITE


class VisualWebArena(PublishedSet):
    family = VISUAL

    def _subsets(self, read: ReadTasks) -> Subsets:
        """The three official files, by the site that each is of: the one that its tasks are logged in to."""
        found: dict[str, list[int | str]] = {}
        for task in read.tasks:
            for site in task.login_sites[:1]:
                found.setdefault(site, []).append(task.task_id)
        return {site: tuple(ids) for site, ids in found.items()}
