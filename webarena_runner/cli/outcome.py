"""What a run came to, for the shell and for programs: exit code and JSON."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from webarena_runner.report.summary import RunReport
from webarena_runner.report.threshold import Threshold


def exit_code(report: RunReport, threshold: Threshold | None, console: Console, *, stopped: str = "") -> int:
    """1 when something ended in an error or did not run, or too little passed, which is said on the console."""
    fault = threshold.fault(report.total) if threshold else ""
    if fault:
        console.print(fault, style="red", markup=False, soft_wrap=True)
    return int(bool(fault or report.total.errored or report.total.missing or stopped))


def outcome_json(
    report: RunReport, code: int, *, exported: Sequence[str], stopped: str, interrupted: bool
) -> dict[str, Any]:
    return report.summary() | {
        "exported": list(exported),
        "stopped": stopped,
        "interrupted": interrupted,
        "exit_code": code,
    }
