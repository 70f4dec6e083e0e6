"""An exporter: one Markdown table a run, for a wiki or a merge request."""

from pathlib import Path
from typing import Self

from webarena_runner.errors import StoreError
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.report.summary import RunReport, load_run
from webarena_runner.settings.options import PlugInOptions


class Outcomes:
    """A Markdown table of the run's sites, below `--out` or in the folder TARGET."""

    class Options(PlugInOptions):
        """What `-o NAME=VALUE` sets."""

        not_passed: bool = False
        """list the tasks that did not pass, with the reason"""

    def __init__(self, folder: Path, options: Options) -> None:
        self._folder, self._options = folder, options

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        folder = Path(setup.target) if setup.target else setup.out
        return cls(folder, setup.options)

    def export(self, folder: Path) -> str:
        report = load_run(folder)
        target = self._folder / f"{report.run_id}.md"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("\n".join(self._lines(report)) + "\n", encoding="utf-8")
        except OSError as error:
            raise StoreError(f"cannot write {target}: {error.strerror}") from error
        return str(target)

    def _lines(self, report: RunReport) -> list[str]:
        lines = [
            f"# {report.run_id}",
            "",
            "| sites | planned | passed | errored |",
            "|---|---|---|---|",
        ]
        for sites, counts in report.by_site.items():
            lines.append(
                f"| {sites} | {counts.planned} | {counts.passed} | {counts.errored} |"
            )
        if self._options.not_passed:
            lines += ["", *(f"- {one.task_id}: {one.became}" for one in report.not_passed)]
        return lines
