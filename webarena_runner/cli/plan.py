"""What `--dry-run` prints: which tasks, what they need, and how large the run may get."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from webarena_runner.running.plan import caution
from webarena_runner.settings.draft import leaves
from webarena_runner.settings.records import RunConfig, SitesSpec
from webarena_runner.settings.yaml import dotted
from webarena_runner.sites.providers import missing_sites
from webarena_runner.tasksets.selection import choose


def print_plan(config: RunConfig, overrides: Sequence[str], console: Console, *, runs: Path) -> None:
    """`runs` is where runs are that the choice of tasks names by their id."""
    settings, choice = config.settings, config.tasks
    loaded, tasks = choose(choice, seed=settings.seed, runs=runs)
    episodes = len(tasks) * settings.trials
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    judged = sum(task.judge for task in tasks)
    modified = ", modified" if loaded.modified else ""
    rows = {
        "model": _model(config),
        "agent": f"{settings.agent}, prompt {settings.prompt}" if config.model else settings.agent,
        "profile": settings.profile + (f", changed: {', '.join(overrides)}" if overrides else ""),
        "task set": f"{loaded.name} ({loaded.source}, sha256 {loaded.sha256[:12]}{modified})",
        "tasks": f"{len(tasks)} of {len(loaded.tasks)} for '{choice.expression}', {settings.trials} trial(s)",
        "by site": _counted("+".join(sorted(task.sites)) for task in tasks),
        "by evaluator": _counted("+".join(check.kind for check in task.checks) for task in tasks),
        "need log-in": f"{sum(bool(task.login_sites) for task in tasks)}",
        "may change state": f"{sum(task.writes for task in tasks)}",
        "need a judge": f"{judged}" + ("" if settings.judge.model or not judged else " (there is none: pass --judge)"),
        "judge": settings.judge.model or "none",
        "sites": "\n".join([config.sites.provider, *_options(config.sites)]),
        "workers": f"{settings.workers}" + ("" if settings.executor == "local" else f", executor {settings.executor}"),
        "at most": f"{episodes} episodes, {episodes * settings.limits.max_steps} steps{_at_most_usd(config)}",
    }
    missing = missing_sites(config.sites, tasks)
    if missing:
        rows["sites missing"] = f"{_listed(missing)} (number of tasks)"
    for name, text in rows.items():
        table.add_row(name, text)
    console.print(table, markup=False)
    if warning := caution(loaded, config.sites):
        console.print(warning, style="yellow", markup=False, soft_wrap=True)


def _options(sites: SitesSpec) -> list[str]:
    return [f"{dotted(keys)} {value}" for keys, value in leaves(sites.options)]


def _model(config: RunConfig) -> str:
    if config.model is None:
        return "none"
    shown = {key: value for key, value in config.settings.sampling.model_dump().items() if value not in (None, ())}
    return f"{config.model.name} ({config.model.backend} {config.model.model}), {shown}"


def _at_most_usd(config: RunConfig) -> str:
    limit_usd = config.settings.limits.max_cost_usd
    return "" if limit_usd is None else f", ${limit_usd:g}"


def _counted(names: Iterable[str]) -> str:
    return _listed(dict(Counter(names).most_common()))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
