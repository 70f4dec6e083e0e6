"""`junit`: what came of each task as JUnit XML, which CI servers show; valid by Ant's schema and by Jenkins's."""

import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Self
from xml.etree import ElementTree as ET

from webarena_runner.errors import ConfigError, StoreError
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.log.files import place_in, write_atomically
from webarena_runner.log.lines import printable
from webarena_runner.log.paths import Key, RunPaths, task_name
from webarena_runner.report.summary import RunReport, load_run, not_passed
from webarena_runner.types import EpisodeResult

# Beside control characters, which are made visible, XML 1.0 has no place for these two.
_NO_XML = re.compile("[\ufffe\uffff]")
_LONGEST_MESSAGE = 500


class JUnit:
    """JUnit XML for CI servers: a test case for each task and trial, in TARGET or in RUN.junit.xml beside the run."""

    def __init__(self, target: Path | None, out: Path) -> None:
        self._target, self._out = target, out

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError when the target is a folder."""
        target = Path(setup.target).expanduser() if setup.target else None
        if target and target.is_dir():
            raise ConfigError(f"junit={target}: is a folder; expected a file, such as {target / 'report.xml'}")
        return cls(target, setup.out)

    def export(self, folder: Path) -> str:
        report = load_run(folder)
        target = self._target or self._out / f"{report.run_id}.junit.xml"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, as_xml(report))
        except OSError as error:
            raise StoreError(f"cannot write {place_in(error, target)}: {error.strerror}") from error
        total = report.total
        return (
            f"{target}: {total.planned} test cases, {total.failed} failures, {total.errored} errors, "
            f"{total.missing} skipped"
        )


def as_xml(report: RunReport) -> bytes:
    """One suite, in the order of the plan; what has not run is a skipped test."""
    manifest, total = report.manifest, report.total
    name = f"webarena-runner {manifest.task_set}"
    root = ET.Element("testsuites")
    suite = ET.SubElement(
        root,
        "testsuite",
        {
            "name": _line(name),
            "package": "webarena-runner",
            "id": "0",
            "hostname": "localhost",
            "timestamp": f"{manifest.started_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            "tests": str(total.planned),
            "failures": str(total.failed),
            "errors": str(total.errored),
            "skipped": str(total.missing),
            "time": f"{sum(result.wall_s for result in report.results.values()):.3f}",
        },
    )
    properties = ET.SubElement(suite, "properties")
    for key, value in _facts(report):
        ET.SubElement(properties, "property", {"name": key, "value": _text(value)})
    with_trials = any(trial for _, trial in manifest.planned)
    for planned in manifest.planned:
        suite.append(_case(report, planned, report.results.get(planned), with_trials=with_trials))
    for stream in ("system-out", "system-err"):
        ET.SubElement(suite, stream)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _facts(report: RunReport) -> Iterator[tuple[str, str]]:
    manifest = report.manifest
    yield "run_id", report.run_id
    for key in ("model", "agent", "profile", "task_set", "judge", "scope", "caution"):
        if value := getattr(manifest, key):
            yield key, str(value)
    yield "config_sha256", manifest.config_sha256
    yield "success_rate", f"{report.total.success_rate:.4f}"
    if report.interval:
        yield "success_rate_95_interval", "{:.4f} to {:.4f}".format(*report.interval)
    yield "folder", str(report.folder)
    for index, damaged in enumerate(report.damaged):
        yield f"damaged.{index}", damaged


def _case(report: RunReport, key: Key, result: EpisodeResult | None, *, with_trials: bool) -> ET.Element:
    manifest, (task_id, trial) = report.manifest, key
    case = ET.Element(
        "testcase",
        {
            "name": _line(f"task {task_id} trial {trial}" if with_trials else f"task {task_id}"),
            # Servers group by the parts between dots.
            "classname": _line(f"{manifest.task_set}.{manifest.task_sites[task_name(task_id)] or 'no-site'}"),
            "time": f"{result.wall_s if result else 0:.3f}",
        },
    )
    if result is not None and result.value == 1:
        return case
    became = not_passed(key, result)
    if result is None:
        ET.SubElement(case, "skipped", {"message": became.became})
        return case
    kind = f"error.{result.failure.error_class}" if result.failure else _kind(result)
    tag = "error" if result.failure else "failure"
    told = ET.SubElement(case, tag, {"type": _line(kind), "message": _line(became.why)[:_LONGEST_MESSAGE]})
    told.text = _text("\n".join(_details(report, key, result)))
    return case


def _kind(result: EpisodeResult) -> str:
    """The evaluator that is not content, or how the episode ended."""
    return next((score.evaluator for score in result.scores if score.value != 1), str(result.ending))


def _details(report: RunReport, key: Key, result: EpisodeResult) -> Iterator[str]:
    if task := report.task(key[0]):
        yield f"intent: {task.intent}"
    for score in result.scores:
        yield f"{score.evaluator}: {score.value:g} {score.explanation}".rstrip()
    if result.failure:
        yield f"{result.failure.error_class}: {result.failure.message}"
    yield f"ending: {result.ending} after {result.steps} steps, attempt {result.attempt}"
    yield f"answer: {result.answer}"
    yield f"last page: {result.final_url}"
    yield f"episode: {RunPaths(report.folder).episode(*key).folder}"


def _text(text: str) -> str:
    r"""What XML may hold: `\x1b` stands for the character."""
    return _NO_XML.sub("?", printable(text))


def _line(text: str) -> str:
    return " ".join(_text(text).split())
