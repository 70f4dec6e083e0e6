"""The exporter `browsergym`: the folder of an agent, as a pull request to the leaderboard has it."""

import json
from pathlib import Path
from typing import Any, Literal, Self

from webarena_runner.errors import ConfigError, StoreError
from webarena_runner.export.browsergym.entry import (
    Claims,
    agent_name_of,
    benchmark_of,
    entry_of,
    folder_name,
    refused_by_strict_mode,
)
from webarena_runner.export.browsergym.readme import readme_of
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.log.files import place_in, write_atomically
from webarena_runner.report.summary import load_run
from webarena_runner.settings.options import PlugInOptions

NAME, README = "browsergym", "README.md"
YesNo = Literal["Yes", "No"]


class BrowserGym:
    """An entry for BrowserGym's leaderboard: a JSON file and a README to fill in, in a folder an agent below TARGET."""

    class Options(PlugInOptions):
        """What `-o NAME=VALUE` sets: what only the submitter can say of an agent."""

        agent_name: str = ""
        """how the leaderboard is to call the agent; without it agent and model"""
        benchmark_specific: YesNo = "Yes"
        """whether the agent is made for this benchmark, as one is whose prompt shows its sites"""
        benchmark_tuned: YesNo = "No"
        """whether it was tuned on this benchmark"""
        reproducible: YesNo = "Yes"
        """whether others can run it again"""
        original_or_reproduced: Literal["Original", "Reproduced"] = "Original"
        """whether the entry is the authors' own"""
        comments: str = ""
        """what readers of the leaderboard have to know; what differs from the protocol is added"""

    def __init__(self, target: Path, options: Options) -> None:
        self._target, self._options = target, options

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError when the target is a file."""
        target = Path(setup.target).expanduser() if setup.target else setup.out / NAME
        if target.exists() and not target.is_dir():
            raise ConfigError(f"{NAME}={target}: is a file; expected a folder, in which each agent gets one of its own")
        return cls(target, setup.options)

    def export(self, folder: Path) -> str:
        """A README that is there stays: somebody has filled it in.

        Raises:
            ConfigError: the run is of no benchmark that the leaderboard has.
            StoreError: it cannot be written, or the file there is none of the leaderboard's.
        """
        report = load_run(folder)
        benchmark = benchmark_of(report.manifest)
        agent = self._options.agent_name or agent_name_of(report.manifest)
        claims = Claims(**self._options.model_dump() | {"agent_name": agent})
        place = self._target / folder_name(agent)
        entry = entry_of(report, benchmark, claims)
        try:
            place.mkdir(parents=True, exist_ok=True)
            _put(place / benchmark.file, entry)
            if not (place / README).exists():
                write_atomically(place / README, readme_of(report, agent))
        except OSError as error:
            raise StoreError(
                f"cannot write {place_in(error, place)}: {error.strerror}; make room or get rights there"
            ) from error
        return _said(place / benchmark.file, entry, refused_by_strict_mode(report))


def _put(path: Path, entry: dict[str, Any]) -> None:
    """Beside the entries of other studies. Raises OSError, StoreError."""
    entries: Any = []
    if path.exists():
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            entries = None
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise StoreError(f"{path}: is no list of entries of the leaderboard; mend it, or move it away")
    others = [each for each in entries if each.get("study_id") != entry["study_id"]]
    write_atomically(path, json.dumps([*others, entry], ensure_ascii=False, indent=4) + "\n")


def _said(path: Path, entry: dict[str, Any], refused: list[str]) -> str:
    lines = [
        f"{path}: {entry['benchmark']} {entry['score']} ({entry['std_err']}), followed the protocol: "
        f"{entry['followed_evaluation_protocol']}; fill in {path.with_name(README)}"
    ]
    if refused:
        lines.append(f"AgentLab's strict mode would refuse this run, since it asks for {'; '.join(refused)}")
    return "\n".join(lines)
