"""An exporter: one Markdown table a run, for a wiki or a merge request."""

from pathlib import Path
from typing import Self

from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.report.summary import load_run


class Outcomes:
    """`--to outcomes` writes below `--out`, `--to outcomes=FOLDER` elsewhere."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        return cls(Path(setup.target) if setup.target else setup.out)

    def export(self, folder: Path) -> str:
        report = load_run(folder)
        lines = [
            f"# {report.manifest.run_id}",
            "",
            "| sites | planned | passed | errored |",
            "|---|---|---|---|",
        ]
        for sites, counts in report.by_site.items():
            lines.append(
                f"| {sites} | {counts.planned} | {counts.passed} | {counts.errored} |"
            )
        target = self._folder / f"{report.manifest.run_id}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return str(target)
