"""A module imports only from its own or lower layers; plug-in packages never import each other, the sites nobody."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import webarena_mini
import webarena_runner

PACKAGE = Path(webarena_runner.__file__).parent
LAYERS = {
    0: ("types", "errors"),
    1: (
        "interfaces",
        "registry",
        "config",
        "loading",
        "locators",
        "profiles",
        "siteurls",
        "wellformed",
        "datafiles",
        "files",
        "notation",
        "_yaml",
        "_draft",
        "_secrets",
    ),
    2: ("tasksets", "browser", "models", "agents", "sites", "evaluators"),
    3: ("plan", "episode", "venue", "executors", "store", "stops", "progress", "scoring", "observing"),
    4: ("report", "export", "gym", "run"),
    5: ("cli",),
}
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names}
PLUG_INS = LAYERS[2]
MODULES = sorted(PACKAGE.rglob("*.py"))
MINI = Path(webarena_mini.__file__).parent
# Of the runner only these know the embedded sites.
MAY_IMPORT_MINI = ("sites", "cli")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and first name below the package of every import of ours, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "webarena_runner":
            names = [f"webarena_runner.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "webarena_runner" and len(parts) > 1 and not parts[1].startswith("__version"):
                yield node.lineno, parts[1]


def imported_at_once(path: Path) -> Iterator[str]:
    """Modules of anybody's that the import of a file itself brings in, apart from `typing`."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        for below in [] if isinstance(node, ast.FunctionDef) else ast.walk(node):
            if (
                isinstance(below, ast.Import | ast.ImportFrom)
                and ast.unparse(below) != "from typing import TYPE_CHECKING"
            ):
                yield ast.unparse(below)


def faults_of(path: Path, own: str) -> list[str]:
    found = []
    for line, name in imported(path):
        if name not in LAYER_OF:
            found.append(f"{path}:{line}: '{name}' is in no layer; add it to tests/test_layers.py")
        elif LAYER_OF[name] > LAYER_OF[own]:
            found.append(f"{path}:{line}: {own} (layer {LAYER_OF[own]}) imports {name} (layer {LAYER_OF[name]})")
        elif name != own and name in PLUG_INS and own in PLUG_INS:
            found.append(f"{path}:{line}: plug-in package {own} imports {name}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_its_own_or_lower_layers(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        assert list(imported_at_once(path)) == []
        return
    assert own in LAYER_OF, f"'{own}' is in no layer; add it to tests/test_layers.py"
    assert faults_of(path, own) == []


def test_the_walk_sees_a_wrong_import_inside_a_function(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f():\n    from webarena_runner.cli import main\n    import webarena_runner.models.replay\n")
    assert len(faults_of(wrong, "agents")) == 2


def dotted_names(path: Path) -> Iterator[str]:
    """What every import of a file names in full, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_embedded_sites_know_nothing_of_the_runner() -> None:
    known = {
        path: [name for name in dotted_names(path) if name.startswith("webarena_runner")] for path in MINI.rglob("*.py")
    }
    assert len(known) > 100
    assert {path: names for path, names in known.items() if names} == {}


def test_only_the_provider_and_the_command_line_know_the_embedded_sites() -> None:
    knowing = {
        path.relative_to(PACKAGE).parts[0]
        for path in MODULES
        if any(name.startswith("webarena_mini") for name in dotted_names(path))
    }
    assert knowing == set(MAY_IMPORT_MINI)
