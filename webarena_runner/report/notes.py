"""What a reader of a run's numbers has to know, in words: the same in every form that a report has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from webarena_runner.report.summary import AskedHost, RunReport
from webarena_runner.report.units import duration
from webarena_runner.types import UNSCORED

MOST_HOSTS = 5


@dataclass(frozen=True)
class Note:
    """One sentence, whose texts of pages and servers are as they came; `told` says how urgently."""

    text: str
    told: Literal["by the way", "warning", "damage"] = "warning"


def notes(report: RunReport) -> Iterator[Note]:
    """Of some episodes, and of what cannot be read."""
    if came := report.manifest.imported:
        yield Note(f"imported ({came.kind}) from {came.source}; not known: {', '.join(came.unknown)}")
    if unscored := sum(error.failure.error_class == UNSCORED for error in report.errors if error.failure):
        yield Note(f"episodes recorded without a score: {unscored}; they are errors here, and not failures")
    if report.unanswered:
        causes = ", ".join(f"{cause} {count}" for cause, count in sorted(report.unanswered.items()))
        yield Note(f"errors because the model gave no answer: {causes}")
    yield from _of_sites(report)
    yield from _of_load(report)
    if report.cut_replies:
        yield Note(f"{report.cut_replies} replies were cut at their limit (-o sampling.max_tokens=N sets it)")
    if report.thought_replies:
        yield Note(
            f"{report.thought_replies} replies hold thoughts, and an action in them is done as in official runs "
            "(-o actions.skip_thoughts=true leaves them out)"
        )
    if report.thought_verdicts:
        yield Note(
            f"{report.thought_verdicts} replies of the judge hold thoughts, and words in them decide as in official "
            "runs (-o scoring.judge_skip_thoughts=true leaves them out)"
        )
    if report.kept_verdicts:
        yield Note(
            f"{report.kept_verdicts} of {report.verdicts} verdicts of the judge were kept from the same question asked "
            "before (-o judge.cache=false: ask each time)",
            told="by the way",
        )
    yield from (Note(line) for line in (report.corrected.lines() if report.corrected else ()))
    if not report.templates and report.tasks_fault:
        yield Note(f"{report.tasks_fault}. The interval takes the tasks for independent of each other", told="damage")
    yield from (Note(line, told="damage") for line in report.damaged)


def _of_sites(report: RunReport) -> Iterator[Note]:
    if report.away:
        sites = ", ".join(f"{site} ({count})" for site, count in sorted(report.away.items()))
        yield Note(f"attempts that were lost since a site was down, which are no tries of their tasks: {sites}")
    if report.recovered:
        yield Note(
            f"{report.recovered} scored episodes met a page that a site failed to give and got over it "
            "(site_failures in their result.json)"
        )
    if report.saw_login_page:
        yield Note(
            f"{report.saw_login_page} scored episodes came to a log-in page of a site that they began logged in to, "
            "and had signed out or gone there by themselves (login_pages in their result.json)"
        )
    if report.disturbed:
        yield Note(
            f"{report.disturbed} scored episodes read a shared site while a task that was to read it only changed it "
            "(disturbed and wrote in their result.json); that task has its sites alone from then on"
        )
    if report.apart:
        yield Note(
            f"cookies of sites on one host name were kept apart in {report.apart} episodes (cookies_apart in their "
            "result.json)",
            told="by the way",
        )
    if report.blocked_hosts:
        yield Note(
            f"asked for outside the tasks' sites, and blocked: {_listed(report.blocked_hosts)}; what the sites' pages "
            "need belongs under options.more_urls of the sites file"
        )
    if report.visited_hosts:
        yield Note(f"reached outside the tasks' sites (--offsite allow): {_listed(report.visited_hosts)}")
    if report.left:
        yield Note(f"{report.left} episodes ended with 0 because they left the sites (--offsite terminate)")
    yield from _of_resets(report)


def _of_resets(report: RunReport) -> Iterator[Note]:
    done = [reset for reset in report.resets if not reset.error]
    if done:
        sites = ", ".join(dict.fromkeys(site for reset in done for site in reset.sites))
        times = f"{len(done)} resets" if len(done) > 1 else "1 reset"
        yield Note(
            f"{times} of shared sites ({sites}), {duration(sum(reset.wall_s for reset in done))} in all (resets.jsonl)",
            told="by the way",
        )
    for reset in report.resets:
        if reset.error:
            yield Note(f"{', '.join(reset.sites)} of instance {reset.instance} could not be reset: {reset.error}")
    if report.resets_fault:
        yield Note(f"{report.resets_fault}; the resets of this run are not shown", told="damage")


def _of_load(report: RunReport) -> Iterator[Note]:
    if workers := report.manifest.auto_workers:
        between = f"{workers.least} to {workers.most}" if workers.least < workers.most else f"{workers.most}"
        yield Note(
            f"--workers auto: {between} episodes at a time, at most {workers.allowed} (by {workers.bound_by})",
            told="by the way",
        )
    if report.busy_steps:
        yield Note(
            f"{report.busy_steps} of {report.steps} steps led to a page that was still busy when the wait for it ended "
            "(settle.limit_s)",
            told="by the way",
        )
    if report.starved_steps:
        yield Note(
            f"{report.starved_steps} of {report.steps} steps led to a page that was read before it had its time: the "
            "machine was too busy; use fewer --workers, or leave the machine to the run"
        )


def _listed(hosts: Sequence[AskedHost]) -> str:
    shown = [f"{each.host} ({each.requests} in {each.episodes} episodes)" for each in hosts[:MOST_HOSTS]]
    more = [f"{len(hosts) - MOST_HOSTS} more"] if len(hosts) > MOST_HOSTS else []
    return ", ".join([*shown, *more])


def cautions(report: RunReport) -> Iterator[Note]:
    """Of the run as a whole: why its numbers are not the benchmark's."""
    if report.manifest.caution:
        yield Note(report.manifest.caution)
    if report.manifest.task_set_modified:
        yield Note("the task file is not the official one: do not compare with WebArena numbers")
