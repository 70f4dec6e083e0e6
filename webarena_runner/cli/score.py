"""`wa-run score`: outcomes that were recorded anywhere, scored offline."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from io import BufferedReader
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from webarena_runner.errors import UsageError

if TYPE_CHECKING:
    from webarena_runner.report.outcomes import OfflineScorer, Scored

OFFICIAL_SITES = "official-ports"
STDIN = "-"
GZIP_MAGIC = b"\x1f\x8b"
FORMAT = """\
[bold]OUTCOMES.jsonl[/bold] has one JSON object a line, and may be compressed with gzip:
  {"task_id": 7, "type": "string_match",
   "answer": TEXT, "judge_reply": TEXT or null}
  {"task_id": 7, "type": "url_match", "final_url": URL}
  {"task_id": 7, "type": "program_html",
   "last_url": URL, "selected": \\[TEXT of each target, in order]}
judge_reply: what the judge says whenever it is asked (may be left out).
selected: what each target's locator, helper or whole page gave.
last_url may be left out. Further keys are not looked at.
A type of an installed plug-in has the keys that the plug-in names.

[bold]Output[/bold] has one JSON object for each outcome, in order:
  {"task_id": 7, "type": "url_match", "score": 1.0}
  {"task_id": 7, "type": "string_match", "score": 0.0, "judge_unclear": true}
  {"task_id": 7, "type": "string_match", "error": "why there is no score"}
judge_unclear: the reply gives no verdict (official: AssertionError).

[bold]Exit code[/bold]: 0 all scored; 1 some lines were malformed or could not be
scored, each named by number on stderr; 2 bad usage."""


def score(
    outcomes: Annotated[str, typer.Argument(metavar="OUTCOMES.jsonl", help="File of outcomes, or - for stdin.")],
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="TYPE", help="Score only outcomes of this type, e.g. string_match."),
    ] = None,
    tasks_file: Annotated[
        str | None,
        typer.Option("--tasks-file", metavar="FILE", help="Task file. [dim]Default: the fetched official one[/dim]"),
    ] = None,
    sites: Annotated[
        str,
        typer.Option("--sites", metavar="NAME|FILE", help="Sites file with the URLs that outcomes were recorded with."),
    ] = OFFICIAL_SITES,
    profile: Annotated[
        str, typer.Option("--profile", metavar="NAME|FILE", help="Whose scoring rules: webarena, libwebarena, strict.")
    ] = "webarena",
) -> None:
    """Score outcomes that were recorded anywhere: offline, one JSON line each on stdout."""
    _require_readable(outcomes)
    scorer = _scorer(tasks_file, sites, profile)
    if only is not None and only not in scorer.kinds:
        raise UsageError(f"--only {only}: expected one of {', '.join(scorer.kinds)}")
    faults = _print(scorer.score_lines(_lines_of(outcomes), only=only))
    raise typer.Exit(int(faults > 0))


def _require_readable(outcomes: str) -> None:
    """Before the tasks, which may not have been fetched yet: what is wrong is the argument."""
    import os
    from pathlib import Path

    path = Path(outcomes).expanduser()
    if outcomes == STDIN or (os.access(path, os.R_OK) and not path.is_dir()):
        return
    reason = "Is a directory" if path.is_dir() else "Permission denied" if path.exists() else "No such file"
    raise UsageError(f"{outcomes}: the outcomes cannot be read: {reason}; give a file, or {STDIN} for stdin")


def _scorer(tasks_file: str | None, sites: str, profile: str) -> "OfflineScorer":
    from webarena_runner.report.outcomes import OfflineScorer
    from webarena_runner.settings.profiles import load_profile
    from webarena_runner.tasksets import load_task_set
    from webarena_runner.tasksets.file import load_task_file

    settings, urls = load_profile(profile).settings.scoring, _urls(sites)
    loaded = load_task_file(tasks_file) if tasks_file else load_task_set("webarena").load()
    unusable = {task.task_id: "; ".join(task.faults) for task in loaded.unusable}
    return OfflineScorer({task.task_id: task for task in loaded.tasks}, urls, settings, unusable=unusable)


def _urls(sites: str) -> Mapping[str, str]:
    from webarena_runner.errors import ConfigError
    from webarena_runner.settings.site_files import load_sites_file

    options = load_sites_file(sites).options
    if options.get("instances"):
        raise ConfigError(
            f"--sites {sites}: it has `instances`, and outcomes were recorded with the URLs of one copy of the sites; "
            "give a file that has those under `urls`"
        )
    urls: Mapping[str, str] = options.get("urls", {})
    return urls


def _lines_of(outcomes: str) -> Iterator[bytes]:
    """Lines as bytes, unpacked where the content is gzip's; what cannot be read is bad usage."""
    import gzip
    import zlib
    from contextlib import ExitStack
    from pathlib import Path

    with ExitStack() as stack:
        try:
            path = Path(outcomes).expanduser()
            file = cast(BufferedReader, sys.stdin.buffer) if outcomes == STDIN else stack.enter_context(path.open("rb"))
            is_packed = file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
            yield from stack.enter_context(gzip.open(file)) if is_packed else file
        except (OSError, EOFError, zlib.error) as error:
            message = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise UsageError(f"{outcomes}: the outcomes cannot be read: {message}") from error


def _print(results: "Iterable[Scored]") -> int:
    """Prints every result and returns how many are no scores."""
    from webarena_runner.cli.console import echo

    faults = 0
    for result in results:
        if result.error:
            faults += 1
            echo(f"line {result.line}: {result.error}", err=True)
        if result.outcome is not None:
            sys.stdout.write(_as_json(result) + "\n")
    return faults


def _as_json(result: "Scored") -> str:
    import json

    record: dict[str, Any] = {}
    if result.outcome is not None:
        record = {"task_id": result.outcome.task_id, "type": result.outcome.type}
    if result.score is None:
        record["error"] = result.error
    else:
        record["score"] = result.score.value
    if result.judge_unclear:
        record["judge_unclear"] = True
    return json.dumps(record)
