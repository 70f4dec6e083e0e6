"""Exporters as people name them: `leaderboard`, or `leaderboard=results/all.csv` to write elsewhere than usual."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webarena_runner import registry
from webarena_runner.errors import ConfigError
from webarena_runner.interfaces.export import Exporter, ExportSetup
from webarena_runner.settings.loading import Given
from webarena_runner.settings.options import PlugInOptions, plug_in_options
from webarena_runner.settings.yaml import nearest


@dataclass(frozen=True)
class Export:
    """An exporter that is ready to write, under the name that it was asked for by."""

    name: str
    exporter: Exporter

    def write(self, folder: Path) -> str:
        """For people, one line where one will do: who wrote the run, and where to.

        Raises:
            StoreError: it cannot be written there.
        """
        return f"{self.name}: {self.exporter.export(folder)}"


@dataclass(frozen=True)
class Known:
    """An exporter that some package announces; `lacking` says why it cannot be used here ("": it can)."""

    name: str
    summary: str
    options: type[PlugInOptions] | None
    lacking: str

    def as_json(self) -> dict[str, Any]:
        """JSON values; `options` is a JSON schema, None of one without any."""
        schema = self.options.model_json_schema() if self.options else None
        return {"exporter": self.name, "writes": self.summary, "lacking": self.lacking, "options": schema}


def open_export(text: str, *, out: Path, environ: Mapping[str, str]) -> Export:
    """One with its options as they are by default.

    Raises:
        ConfigError: there is no such exporter, or the target is not one for it.
    """
    return open_exports([text], out=out, environ=environ)[0]


def open_exports(
    texts: Sequence[str], *, out: Path, environ: Mapping[str, str], given: Sequence[Given] = ()
) -> tuple[Export, ...]:
    """Each option goes to every one of the exporters that has it.

    Raises:
        ConfigError: there is no such exporter, a target or an option is not one for it, or a package is not installed.
    """
    pairs = [(name, target) for name, _, target in (text.partition("=") for text in texts)]
    kinds: dict[str, Any] = {name: registry.load("exporters", name) for name, _ in pairs}
    _require_options_of_some(given, {name: options_of(kind) for name, kind in kinds.items()})
    opened = []
    for name, target in pairs:
        registry.require_modules("exporters", name, getattr(kinds[name], "needs", ()))
        setup = ExportSetup(target, out, environ, _options(name, options_of(kinds[name]), given))
        opened.append(Export(name, kinds[name].build(setup)))
    return tuple(opened)


def require_exporter(text: str) -> None:
    """Raises ConfigError when there is no such exporter; imports nothing."""
    registry.require("exporters", text.partition("=")[0])


def known_exporters(names: Iterable[str] = ()) -> list[Known]:
    """Those of these names, all without any.

    Raises:
        ConfigError: there is no exporter of a name.
    """
    found = []
    for name in list(names) or registry.names("exporters"):
        registry.require("exporters", name)
        try:
            kind = registry.load("exporters", name)
        except ConfigError as error:
            found.append(Known(name, "", None, str(error)))
            continue
        summary = (inspect.getdoc(kind) or "").partition("\n")[0]
        lacking = registry.lacking_modules("exporters", name, getattr(kind, "needs", ()))
        found.append(Known(name, summary, options_of(kind), lacking))
    return found


def options_of(kind: type) -> type[PlugInOptions] | None:
    """The record of an exporter's options; None: it has none."""
    return getattr(kind, "Options", None)


def _options(name: str, record: type[PlugInOptions] | None, given: Sequence[Given]) -> PlugInOptions | None:
    if record is None:
        return None
    own = [each for each in given if each.key in record.model_fields]
    where = {"": f"exporter {name}", **{each.key: f"{each.origin} (exporter {name})" for each in own}}
    return plug_in_options(record, {each.key: each.value for each in own}, where)


def _require_options_of_some(given: Sequence[Given], records: Mapping[str, type[PlugInOptions] | None]) -> None:
    """Raises ConfigError for an option that none of the exporters has, or that is given twice."""
    valid = dict.fromkeys(field for record in records.values() if record for field in record.model_fields)
    asked, seen = " and ".join(records), set()
    for each in given:
        if each.key not in valid:
            has = f"has no option '{each.key}'{nearest(each.key, list(valid))}" if valid else "takes no options"
            raise ConfigError(f"{each.origin}: exporter {asked} {has} (wa-run export --list --to NAME shows them)")
        if each.key in seen:
            raise ConfigError(f"{each.origin}: '{each.key}' is given twice; give it once")
        seen.add(each.key)
