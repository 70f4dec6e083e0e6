"""What others recorded, damaged: result folders of the official harness, and traces of Playwright."""

import json
import random
import shutil
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.fuzz import odd
from webarena_runner.errors import RunnerError
from webarena_runner.export.atif.exporter import Atif, Options
from webarena_runner.importers.official.reading import read_folder, read_run
from webarena_runner.importers.playwright.reading import read_traces
from webarena_runner.importers.run import ImportedRun, is_imported, write_run
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_last_page, read_results, read_steps
from webarena_runner.report.summary import load_run


class Imports:
    """`files` are those of a whole result folder, `trace` is a whole trace, `tasks` a task file as it must be."""

    def __init__(self, files: dict[str, bytes], trace: Path, tasks: Path, workspace: Path) -> None:
        self._files, self._tasks = files, str(tasks)
        with zipfile.ZipFile(trace) as file:
            self._members = {name: file.read(name) for name in file.namelist()}
        self._workspace = workspace

    def case(self, rng: random.Random) -> None:
        folder = self._workspace / "case"
        folder.mkdir()
        try:
            with suppress(RunnerError):
                self._read(self._official(rng, folder) if rng.random() < 0.5 else self._traced(rng, folder), folder)
        finally:
            shutil.rmtree(folder)

    def close(self) -> None:
        """Nothing is open."""

    def _official(self, rng: random.Random, folder: Path) -> ImportedRun:
        place = folder / "results"
        place.mkdir()
        for name, data in self._files.items():
            if rng.random() < 0.9:
                (place / name).write_bytes(_damaged(name, data, rng))
        if rng.random() < 0.3:
            (place / "log_files.txt").write_text("\n".join(_writable(text) for text in rng.sample(odd.TEXTS, 5)))
        expression = rng.choice((None, None, "all", "7-9"))
        return read_run(read_folder(place), "r", task_set=self._tasks, expression=expression)

    def _traced(self, rng: random.Random, folder: Path) -> ImportedRun:
        path = folder / "trace_7.zip"
        with zipfile.ZipFile(path, "w") as file:
            for name, data in self._members.items():
                is_events = name.endswith(".trace")
                kept = _events(data, rng) if is_events else odd.damaged(data, rng) if rng.random() < 0.1 else data
                file.writestr(name, kept)
        if rng.random() < 0.15:
            path.write_bytes(odd.damaged(path.read_bytes(), rng))
        return read_traces([path], "r", task_set=self._tasks, expression=None, mapped=())

    def _read(self, run: ImportedRun, folder: Path) -> None:
        """As the command line and its readers do."""
        made = folder / "out" / "r"
        made.parent.mkdir()
        assert not is_imported(made, run.manifest)
        write_run(run, made, lambda: None)
        assert is_imported(made, run.manifest)
        report = load_run(made)
        assert not report.damaged
        report.summary()
        assert set(read_results(made)) <= set(run.manifest.planned)
        for paths in RunPaths(made).all_attempts():
            assert len(list(read_steps(paths.folder))) == report.results[paths.key].steps
            read_last_page(paths.folder)
        Atif.build(ExportSetup("", folder / "out", {}, Options())).export(made)


def _damaged(name: str, data: bytes, rng: random.Random) -> bytes:
    if rng.random() < 0.5:
        return data
    if name.endswith(".json") and rng.random() < 0.7:
        return odd.text_of(odd.changed(json.loads(data), rng), rng).encode()
    if rng.random() < 0.5:
        lines = data.split(b"\n")
        lines[rng.randrange(len(lines))] = _writable(rng.choice(odd.TEXTS)).encode()
        return b"\n".join(lines)
    return odd.damaged(data, rng)


def _events(data: bytes, rng: random.Random) -> bytes:
    lines = [line for line in data.split(b"\n") if line.strip()]
    for _ in range(rng.randrange(6)):
        at = rng.randrange(len(lines))
        with suppress(ValueError, RecursionError):
            event: Any = json.loads(lines[at])
            lines[at] = odd.text_of(odd.changed(event, rng), rng).replace("\n", " ").encode()
    return b"\n".join(lines)


def _writable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
