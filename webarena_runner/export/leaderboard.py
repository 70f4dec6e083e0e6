"""`leaderboard.csv`: one row a run, the columns of the official sheet first, then ours."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any, Self

from webarena_runner import __version__
from webarena_runner.errors import ConfigError, StoreError
from webarena_runner.export.cells import csv_text, read_csv, safe_cell
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.log.files import clear_unfinished, sha256_of_json, write_atomically
from webarena_runner.report.summary import RunReport, load_run
from webarena_runner.types import RunManifest

FILE = "leaderboard.csv"
RUN_ID = "Run ID"
LOCK_LIMIT_S = 60
COLUMNS = (
    "Release Date",
    "Open?",
    "Model Size (billion)",
    "Model",
    "Success Rate (%)",
    "Result Source",
    "Work",
    "Traj",
    "Note",
    RUN_ID,
    "Task Set",
    "Profile",
    "Config",
    "Agent",
    "Prompt",
    "Action Set",
    "Judge",
    "Trials",
    "Seed",
    "Started",
    "N Planned",
    "N Passed",
    "N Errored",
    "CI",
    "Steps",
    "Steps Read Busy",
    "Tokens",
    "Cost (USD)",
    "Wall Time (s)",
)
# Of any file that rows can be added to: ours, and a copy of the official sheet.
MODEL = "Model"
SHORT_SHA = 12


class LeaderboardCsv:
    """The run's row of leaderboard.csv, beside the run folder or in the file TARGET; a resumed run stays one row."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError when the target is a folder, or a file that is no leaderboard."""
        path = Path(setup.target) if setup.target else setup.out / FILE
        if path.is_dir():
            raise ConfigError(f"leaderboard={path}: is a folder; expected a CSV file, such as {path / FILE}")
        try:
            _read(path)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"leaderboard={path}: no row can be added to this file: {error}; mend it, move it away, or name another"
            ) from error
        return cls(path)

    def export(self, folder: Path) -> str:
        self.add(load_run(folder))
        return str(self._path)

    def add(self, report: RunReport) -> None:
        """Adds or replaces the row; other rows and foreign columns stay as they are.

        Rows of an earlier version, which had fewer columns, are empty in the new ones.

        Raises:
            StoreError: the file cannot be read as CSV, or not be written.
        """
        # Not at import: its hook on what Python does is asked at each import and each file from then on.
        import filelock

        row, path = safe_row(report), self._path
        try:
            with filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_LIMIT_S):
                clear_unfinished(path.parent, path.name)
                write_atomically(path, csv_text(_with_row(*_read(path), row)))
        except (OSError, ValueError) as error:
            raise StoreError(
                f"cannot add the row of run {row[RUN_ID]} to {path}: {error}; the run itself is complete, write the "
                f"row later with: wa-run report {report.folder} --csv {path}"
            ) from error


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    """The columns and the rows that there are; none without a file, or in an empty one.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no CSV, or one of something else.
    """
    if not path.exists() or not path.stat().st_size:
        return [], []
    columns, rows = read_csv(path)
    if not {RUN_ID, MODEL} & set(columns):
        raise ValueError(f"its first line has neither '{RUN_ID}' nor '{MODEL}' as a column, with commas between")
    return columns, rows


def _with_row(columns: Sequence[str], rows: Sequence[Sequence[str]], row: Mapping[str, str]) -> Iterator[list[str]]:
    """The new table, head first: our columns, then those of others, which may share a name."""
    ours = {name: columns.index(name) for name in COLUMNS if name in columns}
    others = [at for at in range(len(columns)) if at not in ours.values()]
    yield [*COLUMNS, *(columns[at] for at in others)]
    for each in rows:
        if RUN_ID not in ours or safe_cell(each[ours[RUN_ID]]) != row[RUN_ID]:
            yield [each[ours[name]] if name in ours else "" for name in COLUMNS] + [each[at] for at in others]
    yield [row[name] for name in COLUMNS] + [""] * len(others)


def safe_row(report: RunReport) -> dict[str, str]:
    """The row with cells that no spreadsheet takes for a formula."""
    return {column: safe_cell(cell) for column, cell in row_of(report).items()}


def row_of(report: RunReport) -> dict[str, str]:
    manifest, total = report.manifest, report.total
    settings, interval = manifest.config["settings"], report.interval
    model = manifest.config["model"] or {}
    info = model.get("leaderboard", {})
    open_weights = info.get("open_weights")
    return {
        "Release Date": info.get("release_date", ""),
        "Open?": "" if open_weights is None else ("Yes" if open_weights else "No"),
        "Model Size (billion)": "" if info.get("size_b") is None else f"{info['size_b']:g}",
        MODEL: manifest.model_name,
        "Success Rate (%)": f"{100 * total.success_rate:.2f}",
        "Result Source": _source(manifest),
        "Work": info.get("work", ""),
        "Traj": str(report.folder),
        "Note": _note(report),
        RUN_ID: report.run_id,
        "Task Set": manifest.task_set,
        "Profile": manifest.profile + _changes(manifest.profile_overrides),
        "N Planned": str(total.planned),
        "N Passed": str(total.passed),
        "N Errored": str(total.errored),
        "Judge": _judge(manifest),
        "Steps": str(report.steps),
        "Steps Read Busy": str(report.busy_steps),
        "Tokens": str(report.tokens),
        "Cost (USD)": "" if report.cost_usd is None else f"{report.cost_usd:.4f}",
        "Wall Time (s)": f"{report.wall_s:.1f}",
        "Agent": manifest.agent,
        "Prompt": f"{settings.get('prompt', '')} (sha256 {manifest.prompt_sha256[:SHORT_SHA]})" if model else "",
        "Action Set": settings.get("actions", {}).get("action_set", "") if model else "",
        "Trials": str(settings["trials"]),
        "Seed": str(settings.get("seed", "")),
        "Started": f"{manifest.started_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "CI": f"{100 * interval[0]:.2f}-{100 * interval[1]:.2f}" if interval else "",
        "Config": manifest.config_sha256[:SHORT_SHA],
    }


def _source(manifest: RunManifest) -> str:
    by = f"webarena-runner {__version__}"
    return f"{manifest.imported.kind} (imported by {by})" if manifest.imported else by


def _judge(manifest: RunManifest) -> str:
    """With the sha256 of its model file: one name may stand for another server, checkpoint or sampling."""
    if manifest.judge_model is None:
        return manifest.judge
    return f"{manifest.judge} (sha256 {sha256_of_json(manifest.judge_model)[:SHORT_SHA]})"


def _changes(overrides: tuple[str, ...]) -> str:
    return f" (changed: {', '.join(overrides)})" if overrides else ""


def _chosen(choice: Mapping[str, Any]) -> str:
    limit, shard = choice.get("limit"), choice.get("shard")
    parts = (choice["expression"], limit and f"the first {limit}", shard and f"shard {shard[0]} of {shard[1]}")
    return ", ".join(part for part in parts if part)


def _note(report: RunReport) -> str:
    manifest, notes = report.manifest, []
    trials = manifest.config["settings"]["trials"]
    if manifest.caution:
        notes.append(f"{manifest.scope}: not WebArena")
    elif manifest.expected_count and report.total.planned != manifest.expected_count * trials:
        notes.append(f"subset: {_chosen(manifest.config['tasks'])}")
    if manifest.task_set_modified:
        notes.append("modified task file")
    if manifest.config["model"] is None:
        notes.append(f"{manifest.agent_note or f'agent {manifest.agent}'}, no model")
    if report.total.errored:
        notes.append(f"{report.total.errored} errored")
    if report.total.missing:
        notes.append(f"{report.total.missing} not run")
    return "; ".join(notes)
