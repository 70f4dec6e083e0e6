"""The exporter `atif`: a document and its pictures for each episode of a run."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, Literal, Self

from webarena_runner.errors import ConfigError
from webarena_runner.export.atif import harbor
from webarena_runner.export.atif.checks import faults_in
from webarena_runner.export.atif.trajectory import SCHEMA, trajectory
from webarena_runner.export.episodes import PICTURES, Episode, episodes
from webarena_runner.export.folders import write_folder
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.log.paths import RunPaths
from webarena_runner.report.summary import RunReport, load_run
from webarena_runner.settings.options import PlugInOptions

NAME = "atif"
DOCUMENT = "trajectory.json"
Json = dict[str, Any]


class Options(PlugInOptions):
    """What `-o NAME=VALUE` sets."""

    layout: Literal["trajectories", "harbor"] = "trajectories"
    """`harbor`: the job folders that `harbor view` opens"""


class Atif:
    """Trajectories in ATIF 1.8 with their pictures, also as a job of Harbor: a folder a run below TARGET."""

    Options = Options

    def __init__(self, target: Path, layout: str) -> None:
        self._target, self._layout = target, layout

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError when the target is a file."""
        layout = setup.options.layout
        target = Path(setup.target).expanduser() if setup.target else setup.out / (NAME, "harbor")[layout == "harbor"]
        if target.exists() and not target.is_dir():
            raise ConfigError(f"{NAME}={target}: is a file; expected a folder, in which each run gets one of its own")
        return cls(target, layout)

    def export(self, folder: Path) -> str:
        report = load_run(folder)
        target = self._target / report.run_id
        made: Json = {}

        def write(new: Path) -> Json:
            made.update(self._write(report, new, target))
            return made

        write_folder(target, NAME, write)
        return _said(made, target)

    def _write(self, report: RunReport, new: Path, target: Path) -> Json:
        written, left_out, notes = [], {}, Counter[str]()
        for episode in episodes(report):
            folder = new / episode.name / ("agent" if self._layout == "harbor" else "")
            document = _document(report, episode, folder)
            if faults := faults_in(document, folder):
                left_out[episode.name] = faults
                shutil.rmtree(new / episode.name)
                continue
            text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
            (folder / DOCUMENT).write_text(text, encoding="utf-8")
            notes.update(episode.faults)
            written.append(episode)
            if self._layout == "harbor":
                harbor.write_trial(new / episode.name, target / episode.name, report, episode)
        if self._layout == "harbor":
            harbor.write_job(new, target, report, [episode.name for episode in written])
        planned = len(report.manifest.planned)
        return {
            "run_id": report.run_id,
            "layout": self._layout,
            "schema_version": SCHEMA,
            "planned": planned,
            "written": len(written),
            "not_begun": planned - len(written) - len(left_out),
            "left_out": left_out,
            "notes": list(notes),
        }


def _document(report: RunReport, episode: Episode, folder: Path) -> Json:
    """With its pictures beside it."""
    (folder / PICTURES).mkdir(parents=True)
    source = RunPaths(report.folder).episode(*episode.key).folder
    for name, path in episode.pictures.items():
        shutil.copyfile(source / name, folder / path)
    return trajectory(report.manifest, report.run_id, episode)


def _said(made: Json, target: Path) -> str:
    lines = [f"{target}: {made['written']} of {made['planned']} episodes"]
    if made["not_begun"]:
        lines.append(f"{made['not_begun']} have not run")
    if made["left_out"]:
        name, faults = next(iter(made["left_out"].items()))
        lines.append(f"{len(made['left_out'])} left out, as {name}: {faults[0]}")
    if made["notes"]:
        lines.append(f"not all could be read ({len(made['notes'])} notes in export.json): {made['notes'][0]}")
    return "; ".join(lines)
