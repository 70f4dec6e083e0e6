"""`leaderboard.csv`: one row a run, the columns of the official sheet first, then ours."""

from pathlib import Path
from typing import Self

import filelock

from webarena_runner import __version__
from webarena_runner.errors import ConfigError, StoreError
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.log.files import write_atomically
from webarena_runner.report.summary import RunReport, load_run

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
    "N Planned",
    "N Passed",
    "N Errored",
    "Judge",
    "Steps",
    "Tokens",
    "Cost (USD)",
    "Wall Time (s)",
)


class LeaderboardCsv:
    """Writes a run's row; a run that was written before has its row replaced, so a resumed run stays one row."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError when the target is a folder."""
        path = Path(setup.target) if setup.target else setup.out / FILE
        if path.is_dir():
            raise ConfigError(f"leaderboard={path}: is a folder; expected a CSV file, such as {path / FILE}")
        return cls(path)

    def export(self, folder: Path) -> str:
        self.add(load_run(folder))
        return str(self._path)

    def add(self, report: RunReport) -> None:
        """Adds or replaces the row; other rows and foreign columns stay as they are.

        Raises:
            StoreError: the file cannot be read as CSV, or not be written.
        """
        import pandas as pd

        row, path = row_of(report), self._path
        try:
            with filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_LIMIT_S):
                table = pd.read_csv(path, dtype=str, keep_default_na=False) if path.exists() else pd.DataFrame()
                if RUN_ID in table:
                    table = table[table[RUN_ID] != row[RUN_ID]]
                table = pd.concat([table, pd.DataFrame([row])], ignore_index=True).fillna("")
                others = [column for column in table.columns if column not in COLUMNS]
                write_atomically(path, table[[*COLUMNS, *others]].to_csv(index=False))
        except (OSError, ValueError) as error:
            raise StoreError(
                f"cannot add the row of run {row[RUN_ID]} to {path}: {error}; the run itself is complete, write the "
                f"row later with: wa-run report {report.folder} --csv {path}"
            ) from error


def row_of(report: RunReport) -> dict[str, str]:
    manifest, total = report.manifest, report.total
    model = manifest.config["model"] or {}
    info = model.get("leaderboard", {})
    open_weights = info.get("open_weights")
    return {
        "Release Date": info.get("release_date", ""),
        "Open?": "" if open_weights is None else ("Yes" if open_weights else "No"),
        "Model Size (billion)": "" if info.get("size_b") is None else f"{info['size_b']:g}",
        "Model": model.get("model") or manifest.model,
        "Success Rate (%)": f"{100 * total.success_rate:.2f}",
        "Result Source": f"webarena-runner {__version__}",
        "Work": info.get("work", ""),
        "Traj": str(report.folder),
        "Note": _note(report),
        RUN_ID: report.run_id,
        "Task Set": manifest.task_set,
        "Profile": manifest.profile + (" (changed)" if manifest.profile_overrides else ""),
        "N Planned": str(total.planned),
        "N Passed": str(total.passed),
        "N Errored": str(total.errored),
        "Judge": manifest.judge,
        "Steps": str(report.steps),
        "Tokens": str(report.tokens),
        "Cost (USD)": "" if report.cost_usd is None else f"{report.cost_usd:.4f}",
        "Wall Time (s)": f"{report.wall_s:.1f}",
    }


def _note(report: RunReport) -> str:
    manifest, notes = report.manifest, []
    trials = manifest.config["settings"]["trials"]
    if manifest.caution:
        notes.append(f"{manifest.scope}: not WebArena")
    elif manifest.expected_count and report.total.planned != manifest.expected_count * trials:
        notes.append(f"subset: {manifest.config['tasks']['expression']}")
    if manifest.task_set_modified:
        notes.append("modified task file")
    if manifest.config["model"] is None:
        notes.append(f"{manifest.agent_note or f'agent {manifest.agent}'}, no model")
    if report.total.errored:
        notes.append(f"{report.total.errored} errored")
    if report.total.missing:
        notes.append(f"{report.total.missing} not run")
    return "; ".join(notes)
