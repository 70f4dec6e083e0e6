"""`leaderboard.csv`: one row a run, the columns of the official sheet first, then ours."""

import warnings
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import filelock

from webarena_runner import __version__
from webarena_runner.errors import ConfigError, StoreError
from webarena_runner.export.cells import safe_cell
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.log.files import sha256_of_json, write_atomically
from webarena_runner.report.summary import RunReport, load_run
from webarena_runner.types import RunManifest

if TYPE_CHECKING:
    import pandas as pd

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
        import pandas as pd

        row, path = safe_row(report), self._path
        try:
            with filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_LIMIT_S):
                table = _read(path)
                if RUN_ID in table:
                    table = table[table[RUN_ID].map(safe_cell) != row[RUN_ID]]
                table = pd.concat([table, pd.DataFrame([row])], ignore_index=True).fillna("")
                others = [column for column in table.columns if column not in COLUMNS]
                write_atomically(path, csv_text(table[[*COLUMNS, *others]]))
        except (OSError, ValueError) as error:
            raise StoreError(
                f"cannot add the row of run {row[RUN_ID]} to {path}: {error}; the run itself is complete, write the "
                f"row later with: wa-run report {report.folder} --csv {path}"
            ) from error


def _read(path: Path) -> "pd.DataFrame":
    """The rows there are; none without a file, or in an empty one.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no CSV, or one of something else.
    """
    import pandas as pd

    if not path.exists() or not path.stat().st_size:
        return pd.DataFrame()
    with warnings.catch_warnings():
        # Else cells beyond the last column are dropped.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            # Spreadsheets put a byte order mark before the first column's name.
            table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False)
        except pd.errors.ParserWarning as warning:
            raise ValueError(f"{warning}") from None
    if not {RUN_ID, MODEL} & set(table.columns):
        raise ValueError(f"its first line has neither '{RUN_ID}' nor '{MODEL}' as a column, with commas between")
    return table


def csv_text(table: "pd.DataFrame") -> str:
    # A carriage return alone is not quoted, and is read as the end of a row.
    return table.replace(r"\r(?!\n)", "\n", regex=True).to_csv(index=False)


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
