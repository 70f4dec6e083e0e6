"""`wa-run status`: how a run stands, from its folder, while it goes on and after."""

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webarena_runner.cli.runs import Out, RunFolder

if TYPE_CHECKING:
    from webarena_runner.log.status import Standing
    from webarena_runner.types import RunStatus

AsJson = Annotated[bool, typer.Option("--json", help="Print it as one JSON object, for programs.")]
GOING_ON = ("running", "silent")
NOTES = (
    "running, finished, stopped (a budget or errors ended it), interrupted (by a signal, or its process is gone), or "
    "silent: it should go on, but has given no heartbeat for a minute."
)


def status(run: RunFolder, out: Out = Path("results"), as_json: AsJson = False) -> None:
    """Say whether a run goes on, how far it is, and what it is doing, without touching it."""
    from webarena_runner.cli.console import echo, echo_json
    from webarena_runner.log.paths import find_run
    from webarena_runner.log.status import read_status, standing
    from webarena_runner.report.standing import as_on_disk, status_of_results

    folder, now = find_run(run, out), datetime.now(UTC)
    said = read_status(folder)
    if said is None:
        said = status_of_results(folder)
        found = standing(folder, said, now)
    elif (found := standing(folder, said, now)).state not in GOING_ON:
        said = as_on_disk(folder, said)
    heartbeat_s = round((now - said.heartbeat_at).total_seconds(), 1)
    if as_json:
        state: dict[str, Any] = {"state": found.state, "why": found.why, "heartbeat_age_s": heartbeat_s}
        echo_json(said.model_dump(mode="json") | state)
    else:
        echo("\n".join(_lines(folder, said, found, heartbeat_s)))


def _lines(folder: Path, said: "RunStatus", found: "Standing", heartbeat_s: float) -> list[str]:
    from webarena_runner.report.units import duration, money

    why = f": {found.why}" if found.why else ""
    where = f", process {said.pid} on {said.host}" if said.pid and found.state in GOING_ON else ""
    doing = f", {said.doing}" if found.state == "running" and said.doing not in ("", "running") else ""
    eta = f", ETA {duration(said.eta_s)}" if said.eta_s is not None else ""
    cost = "" if said.cost_usd is None else f", {money(said.cost_usd)}"
    lines = [
        f"{said.run_id}: {found.state}{why}{doing}{where}",
        f"{said.done}/{said.total} done: {said.passed} passed, {said.failed} failed, {said.errored} errored; "
        f"{said.left} left{eta}",
        f"{said.tokens:,} tokens{cost}; started {said.started_at:%Y-%m-%d %H:%M:%S} UTC, last heartbeat "
        f"{duration(heartbeat_s)} ago",
    ]
    if said.workers is not None and found.state in GOING_ON:
        lines[1] += f"; {said.workers} workers" + (" (auto)" if said.workers_auto else "")
    for each in said.under_way if found.state in GOING_ON else ():
        action = " ".join(each.action.split())
        lines.append(
            f"worker {each.worker}: task {each.task_id} trial {each.trial} attempt {each.attempt}, step {each.steps}, "
            f"{duration(each.running_s)}: {action}"
        )
    if said.last_event:
        lines.append(f"last: {' '.join(said.last_event.split())}")
    resume = f"wa-run resume {shlex.quote(str(folder))}"
    # One that was killed when all had been played has yet to write its results.
    if found.state == "interrupted" or (found.state == "stopped" and (said.left or said.errored)):
        lines.append(f"go on with: {resume}")
    elif found.state == "finished" and said.errored:
        lines.append(f"to play what errored once more, go on with: {resume}")
    return lines
