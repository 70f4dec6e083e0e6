"""Tasks that begin at, or check, hosts that are no site of theirs, as far as that can be told before."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from webarena_runner import registry
from webarena_runner.errors import TaskFileError
from webarena_runner.official.addresses import is_literal, reachable
from webarena_runner.official.sites import HOMEPAGE, sites_needed
from webarena_runner.settings.records import SitesSpec
from webarena_runner.sites.providers import gives_fresh, known_urls
from webarena_runner.types import Task

_SHOWN_HOSTS = 3


@dataclass
class _Elsewhere:
    """How many tasks begin at each host, and how many check a page of it."""

    begin: Counter[str] = field(default_factory=Counter)
    check: Counter[str] = field(default_factory=Counter)
    tasks_that_begin: int = 0
    tasks: int = 0


def require_sites_of_tasks(tasks: Sequence[Task], spec: SitesSpec) -> tuple[str, ...]:
    """What is to be said before the start, of pages to check, or of sites whose addresses are not known yet.

    Raises:
        TaskFileError: a task begins at an address that is none of its sites'.
    """
    found = _Elsewhere()
    is_known = True
    by_sites: dict[tuple[str, ...], list[str] | None] = {}
    for task in tasks:
        sites = (*sites_needed(task), HOMEPAGE)
        if sites not in by_sites:
            by_sites[sites] = known_urls(spec, sites)
        urls = by_sites[sites]
        is_known = is_known and urls is not None
        _note(found, task, urls or [])
    wishes = _not_granted(tasks, spec)
    if not found.tasks:
        return wishes
    counted = _sentence(found, len(tasks))
    if not is_known:
        return (*wishes, f"{counted}, unless '{spec.provider}' serves these; else they end in site errors")
    if found.tasks_that_begin:
        raise TaskFileError(
            f"{counted}.\nWrite sites as __SHOPPING__ and so on (`wa-run tasks check FILE` lists the addresses), serve "
            f"the tasks' sites at these addresses (--sites static, with export SHOPPING=URL), or leave the tasks out"
        )
    return (*wishes, f"{counted}: those end in site errors")


def _not_granted(tasks: Sequence[Task], spec: SitesSpec) -> tuple[str, ...]:
    """What tasks ask for beyond their pages, and do not get."""
    asked = {
        "sites that were reset (require_reset), and get what --reset says for all tasks": [
            task for task in tasks if task.reset_before and not gives_fresh(spec)
        ],
        "others to be run before them (depends_on); nothing waits for these": [
            task for task in tasks if task.depends_on
        ],
    }
    return tuple(f"{len(asking)} of {len(tasks)} tasks ask for {what}" for what, asking in asked.items() if asking)


def _note(found: _Elsewhere, task: Task, urls: Sequence[str]) -> None:
    is_there = reachable(urls)
    starts = [url for url in task.start_urls if not is_there(url)]
    checked = checked_elsewhere(task, urls)
    found.begin.update({host_of(url) for url in starts})
    found.check.update({host_of(url) for url in checked})
    found.tasks_that_begin += bool(starts)
    found.tasks += bool(starts or checked)


def literal_addresses(task: Task) -> tuple[list[str], list[str]]:
    """Start pages and pages to check that are written out, and not as pages of a site by its name."""
    return [url for url in task.start_urls if is_literal(url)], checked_elsewhere(task, ())


def checked_elsewhere(task: Task, urls: Sequence[str]) -> list[str]:
    """Addresses that a task's checks open or compare with and that are none of these sites', where evaluators tell."""
    found = []
    for check in task.checks:
        evaluator = registry.load("evaluators", check.kind)
        if hasattr(evaluator, "elsewhere"):
            found += evaluator.elsewhere(evaluator.Spec.model_validate(check.spec), urls)
    return found


def _sentence(found: _Elsewhere, total: int) -> str:
    parts = [f"{verb} {_hosts(hosts)}" for verb, hosts in (("begin at", found.begin), ("check", found.check)) if hosts]
    return f"{found.tasks} of {total} tasks name hosts that are no site of theirs: they {' and '.join(parts)}"


def _hosts(counts: Counter[str]) -> str:
    shown = ", ".join(f"{host} ({count} tasks)" for host, count in counts.most_common(_SHOWN_HOSTS))
    more = len(counts) - _SHOWN_HOSTS
    return shown + (f" and {more} hosts more" if more > 0 else "")


def host_of(url: str) -> str:
    return urlsplit(url).netloc or url[:60]
