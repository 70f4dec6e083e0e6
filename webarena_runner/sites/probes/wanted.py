"""What chosen tasks ask of the sites: a fault elsewhere is no reason not to run them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from webarena_runner.official.notation import render
from webarena_runner.official.sites import named_sites, sites_needed
from webarena_runner.types import Task, TaskId

# What their checks ask of the shop's REST interface.
_ASKS_REST = "func:shopping_"
# An intent whose answer depends on the day on which it is read.
_DATED = re.compile(r"\b(today|yesterday|tomorrow|(this|last|past|next) (week|month|year))\b", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """`sites` and `login_sites` None: no tasks were chosen, and all that there is counts.

    `start_urls` are those of the tasks, with placeholders, and the ids of the tasks that begin there.
    """

    sites: frozenset[str] | None = None
    login_sites: frozenset[str] | None = None
    rest: bool = True
    dated: bool = True
    start_urls: Mapping[str, Sequence[TaskId]] = field(default_factory=dict)

    def has(self, site: str) -> bool:
        return self.sites is None or site in self.sites

    def logs_in_to(self, site: str) -> bool:
        return self.login_sites is None or site in self.login_sites

    def starts_at(self, site: str, urls: Mapping[str, str]) -> Mapping[str, Sequence[TaskId]]:
        """Start pages on this site, as addresses of the instance with these `urls`."""
        return {
            render(address, urls): ids
            for address, ids in self.start_urls.items()
            if named_sites(address) == {site} and site in urls
        }


ALL = Wanted()


def wanted_by(tasks: Iterable[Task]) -> Wanted:
    sites: set[str] = set()
    login_sites: set[str] = set()
    start_urls: dict[str, list[TaskId]] = {}
    rest = dated = False
    for task in tasks:
        sites |= {*sites_needed(task)}
        login_sites |= {*task.login_sites}
        rest = rest or any(_ASKS_REST in check.model_dump_json() for check in task.checks)
        dated = dated or bool(_DATED.search(task.intent))
        for address in task.start_urls:
            start_urls.setdefault(address, []).append(task.task_id)
    return Wanted(frozenset(sites), frozenset(login_sites), rest=rest, dated=dated, start_urls=start_urls)
