"""Plug-ins by name: classes that packages announce as entry points, imported when asked for."""

import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points, requires
from importlib.util import find_spec
from typing import Any, Literal

from webarena_runner.errors import ConfigError
from webarena_runner.extras import PACKAGE, extra_for, how_to_install

Group = Literal[
    "models",
    "agents",
    "tasksets",
    "environments",
    "observers",
    "evaluators",
    "sites",
    "executors",
    "exporters",
]
# What the runner asks of a plug-in's class itself: the methods of its Protocol, and what makes an object of it.
MEMBERS: Mapping[Group, tuple[str, ...]] = {
    "models": ("availability", "check", "generate", "count_tokens", "truncate", "aclose"),
    "agents": ("build", "check_tasks", "act"),
    "tasksets": ("load",),
    "environments": ("open", "episode"),
    "observers": ("observe",),
    "evaluators": (
        *("build", "Spec", "Outcome", "read", "writes", "needs_judge", "needs_trace"),
        *("collect", "evidence_of", "score"),
    ),
    "sites": ("Options", "build", "serves", "__aenter__", "__aexit__", "lease"),
    "executors": ("open", "run"),
    "exporters": ("build", "export"),
}


def names(group: Group) -> list[str]:
    return sorted({entry.name for entry in _entries(group)})


def packages() -> set[str]:
    """Names of those that announce plug-ins."""
    announcing = {entry.dist for entries in _entries_on(tuple(sys.path)).values() for entry in entries}
    return {each.name for each in announcing if each is not None}


def require(group: Group, name: str) -> EntryPoint:
    """The entry point of a name, nothing imported; what stands behind a colon in the name is the plug-in's argument.

    Raises:
        ConfigError: unknown name (it lists the known and the nearest), or two packages announce it.
    """
    name, _, _ = name.partition(":")
    found = {entry.value: entry for entry in _entries(group) if entry.name == name}
    if len(found) > 1:
        announced = " and ".join(f"{_package(entry)} ({entry.value})" for entry in found.values())
        raise ConfigError(
            f"{_kind(group)} plug-in '{name}' is announced by {announced}, so which one is meant is not clear; rename "
            f"yours in its package's entry points, or uninstall the other package"
        )
    if found:
        return next(iter(found.values()))
    known = names(group)
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean '{close[0]}'?" if close else "."
    raise ConfigError(f"unknown {_kind(group)} plug-in '{name}'{hint} Known: {', '.join(known) or 'none'}")


def load(group: Group, name: str) -> Any:
    """The class announced as `name`.

    Raises:
        ConfigError: unknown name, its module needs a package that is not installed or fails as it is imported, or what
            is announced is not a class with the methods that the group asks for.
    """
    entry = require(group, name)
    try:
        loaded = entry.load()
    except ModuleNotFoundError as error:
        if f"{entry.module}.".startswith(f"{error.name}."):
            raise ConfigError(f"{_where(group, entry)} cannot be imported: {error}; correct its entry point") from error
        raise ConfigError(_missing(group, entry, error.name or str(error))) from error
    # What a package of others does as it is imported may raise anything.
    except Exception as error:  # noqa: BLE001
        reason = f"{type(error).__name__}: {error}"
        raise ConfigError(
            f"{_where(group, entry)} cannot be imported: {reason}; mend or uninstall that package (`wa-run --verbose` "
            f"shows where)"
        ) from error
    if not isinstance(loaded, type):
        raise ConfigError(f"{_where(group, entry)} is a {type(loaded).__name__}; expected a class, see docs/plug-ins")
    _, has_argument, argument = name.partition(":")
    if has_argument and not getattr(loaded, "takes_argument", False):
        raise ConfigError(
            f"{_kind(group)} '{name}': '{entry.name}' takes nothing behind a colon; leave ':{argument}' out"
        )
    lacking = [member for member in MEMBERS[group] if not hasattr(loaded, member)]
    if lacking:
        raise ConfigError(f"{_where(group, entry)} lacks {', '.join(lacking)}; docs/plug-ins shows a whole one")
    return loaded


def require_modules(group: Group, name: str, modules: Iterable[str]) -> None:
    """Raises ConfigError that says how to install what a plug-in needs and is not here; imports nothing."""
    if lacking := lacking_modules(group, name, modules):
        raise ConfigError(lacking)


def lacking_modules(group: Group, name: str, modules: Iterable[str]) -> str:
    """What to install for a plug-in that imports these modules, given by their top names; "": all are here."""
    absent = next((module for module in modules if find_spec(module) is None), None)
    return "" if absent is None else _missing(group, require(group, name), absent)


def _entries(group: Group) -> tuple[EntryPoint, ...]:
    return _entries_on(tuple(sys.path)).get(group, ())


@lru_cache(maxsize=8)
def _entries_on(path: tuple[str, ...]) -> Mapping[str, tuple[EntryPoint, ...]]:
    """By group, of the packages on this path; kept, since reading their metadata takes tens of milliseconds."""
    found = entry_points()
    return {group: tuple(found.select(group=f"webarena_runner.{group}")) for group in MEMBERS}


def _kind(group: Group) -> str:
    """The group in a sentence: `task set`, `model`."""
    return {"tasksets": "task set", "sites": "site provider"}.get(group, group.removesuffix("s"))


def _where(group: Group, entry: EntryPoint) -> str:
    return f"{_kind(group)} plug-in '{entry.name}' ({entry.value}, of {_package(entry)})"


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else PACKAGE


def _missing(group: Group, entry: EntryPoint, module: str) -> str:
    message = f"{_kind(group)} plug-in '{entry.name}' needs the Python module '{module}', which is not installed"
    package = _package(entry)
    extra = extra_for(module, requires(package) or ())
    if extra:
        return f"{message} (extra '{extra}'); run: {how_to_install(extra, package=package)}"
    return f"{message}; install the package that provides it (the plug-in comes from {package})"
