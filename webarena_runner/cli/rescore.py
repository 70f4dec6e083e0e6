"""`wa-run rescore`: a run scored again from what its folder has."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.cli.runs import Out, RunFolder
from webarena_runner.errors import UsageError

if TYPE_CHECKING:
    from webarena_runner.rescoring.past import PastRun
    from webarena_runner.rescoring.request import Request

NOTES = """\
[bold]Without an option[/bold] the run's own rules are applied again, as this version
has them. No browser, no sites: what a check looked at is in the run folder,
and so is what the judge said. A check that looks at another page, or by
another locator, needs a live check: those tasks are named, and have no score.

[bold]--rules[/bold] says whose rules: official, lite, browsergym (which evaluates
after every action), verified (webarena-verified's own evaluator, by the
network log that --record har keeps), browsergym-verified (the mean over its
checks), or a profile. One is written beside the run like the others; several
are shown side by side, and nothing is written.

[bold]--judge[/bold] asks another judge the questions of the run, and says how far the two
agree. What it has said before, in the run or in an earlier re-scoring, is not
asked again.

[bold]Results[/bold] are written beside the originals: RUN/rescored/NAME.

[bold]Exit code[/bold]: 0 all that has run was scored again, 1 some of it could not be,
2 bad usage."""

Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME|FILE", help="Whose scoring rules. [dim]Default: the run's own[/dim]"),
]
Judge = Annotated[
    str | None,
    typer.Option(
        "--judge", metavar="NAME|FILE", help="Ask this judge. [dim]Default: the verdicts that were recorded[/dim]"
    ),
]
TasksFile = Annotated[
    str | None,
    typer.Option("--tasks-file", metavar="FILE", help="Score by the checks of this task file, matched by task id."),
]
Errata = Annotated[
    bool, typer.Option("--errata", help="Score by the shipped corrections of the task set's known errors.")
]
Rules = Annotated[
    str | None,
    typer.Option(
        "--rules",
        metavar="'A|B|...'",
        help="Whose rules, several side by side: 'official|browsergym|lite|verified', or profiles.",
    ),
]
All = Annotated[bool, typer.Option("--all", help="With several --rules: every episode, not only those that differ.")]
MaxCost = Annotated[
    float | None, typer.Option("--max-cost", metavar="USD", min=0, help="What asking the judge may cost.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say how many questions the judge would be asked, and stop.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as one JSON object, for programs.")]


def rescore(
    context: typer.Context,
    run: RunFolder,
    out: Out = Path("results"),
    profile: Profile = None,
    judge: Judge = None,
    tasks_file: TasksFile = None,
    errata: Errata = False,
    rules: Rules = None,
    show_all: All = False,
    max_cost: MaxCost = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Score a run again from its folder: by other rules or checks, or with another judge; without browser and sites."""
    _require_possible(rules=rules, profile=profile, judge=judge, errata=errata, max_cost=max_cost, dry_run=dry_run)
    _require_possible_tasks(tasks_file, errata=errata)
    _require_several(rules, show_all=show_all)
    from webarena_runner.cli.console import start_logging, stderr
    from webarena_runner.log.paths import find_run
    from webarena_runner.rescoring.past import load_past
    from webarena_runner.rescoring.request import Request
    from webarena_runner.rescoring.rules import ALIASES, PEERS, names_in

    start_logging(stderr(), verbose=context.obj["verbose"])
    past = load_past(find_run(run, out))
    for line in past.damaged:
        stderr().print(line, style="red", markup=False, soft_wrap=True)
    if rules is not None and (names := names_in(rules))[1:]:
        raise typer.Exit(_side_by_side(past, rules, tasks_file, as_json=as_json, show_all=show_all))
    peer = names[0] if rules is not None and names[0] in PEERS else ""
    if rules is not None and not peer:
        profile = ALIASES.get(names[0], names[0])
    if peer and tasks_file:
        raise UsageError(f"--rules {peer} takes the checks of its own task set; leave --tasks-file out")
    request = Request.of(
        past, profile=profile, peer=peer, judge=judge, tasks_file=tasks_file, errata=errata, max_cost_usd=max_cost
    )
    raise typer.Exit(_rescore(request, os.environ, dry_run=dry_run, as_json=as_json))


def _require_possible(
    *, rules: str | None, profile: str | None, judge: str | None, errata: bool, max_cost: float | None, dry_run: bool
) -> None:
    if rules is not None and (profile or judge or errata):
        other = "--profile" if profile else "--judge" if judge else "--errata"
        raise UsageError(f"--rules and {other} exclude each other; leave one of them out")
    if judge is None and (max_cost is not None or dry_run):
        raise UsageError(
            f"{'--dry-run' if dry_run else '--max-cost'} is about a judge; add --judge NAME or leave it out"
        )


def _require_possible_tasks(tasks_file: str | None, *, errata: bool) -> None:
    if tasks_file is not None and errata:
        raise UsageError(
            "--tasks-file and --errata exclude each other: both say by which checks; leave one of them out"
        )


def _require_several(rules: str | None, *, show_all: bool) -> None:
    if show_all and not (rules and ("|" in rules or "," in rules)):
        raise UsageError("--all is about several --rules, such as 'official|verified'; add some, or leave it out")


def _side_by_side(past: "PastRun", rules: str, tasks_file: str | None, *, as_json: bool, show_all: bool) -> int:
    from webarena_runner.cli.console import echo_json, stdout
    from webarena_runner.cli.rescored import print_rules
    from webarena_runner.rescoring.rules import rules_named, side_by_side
    from webarena_runner.tasksets.file import load_task_file

    tasks = {task.task_id: task for task in load_task_file(tasks_file).tasks} if tasks_file else None
    sides = side_by_side(past, rules_named(rules), tasks)
    if as_json:
        echo_json({"run_id": past.run_id, **sides.as_json()})
    else:
        print_rules(past.run_id, sides, stdout(), show_all=show_all)
    return int(any(sides.open(name) for name in sides.columns))


def _rescore(request: "Request", environ: Mapping[str, str], *, dry_run: bool, as_json: bool) -> int:
    import asyncio

    from webarena_runner.cli.console import echo_json, stderr, stdout
    from webarena_runner.cli.rescored import asking, print_rescored
    from webarena_runner.rescoring.request import as_json as json_of
    from webarena_runner.running.rescore import rescore as run_rescoring

    if dry_run:
        asked = {"judge": request.judge_name, "questions": request.questions.open, "kept": request.questions.kept}
        if as_json:
            echo_json(asked)
        else:
            stdout().print(request.what_is_asked(), markup=False, soft_wrap=True)
        return 0
    if request.judge:
        stderr().print(request.what_is_asked(), markup=False, soft_wrap=True)
    with asking(stderr(), request.questions) as on_answer:
        done = asyncio.run(run_rescoring(request, environ, on_answer=on_answer))
    if as_json:
        echo_json(json_of(done))
    else:
        print_rescored(done, stdout())
    return int(done.incomplete)
