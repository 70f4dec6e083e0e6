"""The exporter `bundle`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

from webarena_runner import __version__
from webarena_runner.errors import ConfigError, DamagedRecord, StoreError
from webarena_runner.export.bundle.archive import Writer
from webarena_runner.export.bundle.contents import ABOUT, SUMS, About, files_of, sums_text
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.log.files import read_bytes, replacing, sha256_of
from webarena_runner.log.paths import BUNDLE_SUFFIX, safe_name
from webarena_runner.report.summary import RunReport, load_run
from webarena_runner.report.units import size
from webarena_runner.settings.options import PlugInOptions

NAME = "bundle"


class Options(PlugInOptions):
    """What `-o NAME=VALUE` sets."""

    pictures: bool = True
    """with the pictures of pages, which are nine tenths of a run"""


class Bundle:
    """The whole run in one .tar.zst with checksums, which `wa-run verify` checks and scores again."""

    Options = Options

    def __init__(self, target: str, out: Path, *, pictures: bool) -> None:
        self._target, self._out, self._pictures = target, out, pictures

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError when the target is a folder, or is not called as such a file is."""
        target = Path(setup.target).expanduser()
        if setup.target and target.is_dir():
            raise ConfigError(
                f"{NAME}={target}: is a folder; expected a file, such as {target / f'RUN{BUNDLE_SUFFIX}'}"
            )
        if setup.target and not target.name.endswith(BUNDLE_SUFFIX):
            raise ConfigError(
                f"{NAME}={target}: expected a name that ends in {BUNDLE_SUFFIX}, which other programs go by"
            )
        return cls(str(target) if setup.target else "", setup.out, pictures=setup.options.pictures)

    def export(self, folder: Path) -> str:
        report = load_run(folder)
        path = Path(self._target) if self._target else self._out / f"{safe_name(report.run_id)}{BUNDLE_SUFFIX}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as file:
                archive = Writer(file)
                count = _add_all(archive, report, pictures=self._pictures)
                archive.close()
        except OSError as error:
            raise StoreError(f"{path}: the bundle cannot be written: {error.strerror or error}") from error
        without = "" if self._pictures else ", without pictures"
        return f"{path} ({count} files{without}, {size(path.stat().st_size)}); check it with: wa-run verify {path}"


def _add_all(archive: Writer, report: RunReport, *, pictures: bool) -> int:
    sums: dict[str, str] = {}
    root = safe_name(report.run_id)
    for name, data in _contents(report, pictures=pictures):
        archive.add(f"{root}/{name}", data)
        sums[name] = sha256_of(data)
    archive.add(f"{root}/{SUMS}", sums_text(sums).encode())
    return len(sums)


def _contents(report: RunReport, *, pictures: bool) -> Iterator[tuple[str, bytes]]:
    """Name in the folder and content; a file that a running run has moved meanwhile is left out."""
    about = About(
        run_id=report.run_id,
        version=__version__,
        pictures=pictures,
        planned=report.total.planned,
        passed=report.total.passed,
    )
    yield ABOUT, about.model_dump_json(indent=2).encode()
    for path in files_of(report.folder, pictures=pictures):
        try:
            yield path.relative_to(report.folder).as_posix(), read_bytes(path)
        except DamagedRecord:
            continue
