"""A module imports only from its own or lower layers, plug-in packages never import each other, the embedded sites
import nothing of the runner, and nobody imports a private module of another package."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import webarena_mini
import webarena_runner

PACKAGE = Path(webarena_runner.__file__).parent
LAYERS = {
    0: ("types", "errors"),
    1: ("interfaces", "registry", "official", "settings", "log", "actions"),
    2: ("tasksets", "browser", "models", "agents", "sites", "evaluators"),
    3: ("report", "export"),
    4: ("running", "gym"),
    5: ("cli",),
}
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names}
PLUG_INS = LAYERS[2]
MODULES = sorted(PACKAGE.rglob("*.py"))
MINI = Path(webarena_mini.__file__).parent
# Of the runner only these know the embedded sites.
MAY_IMPORT_MINI = ("sites", "cli")


def dotted_names(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of all that the file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def imported(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line and names below the package of all of ours that is imported."""
    for line, name in dotted_names(path):
        package, *names = name.split(".")
        if package == "webarena_runner" and names and names[0] != "__version__":
            yield line, tuple(names)


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


def faults_of(path: Path, own: tuple[str, ...]) -> list[str]:
    """`own` has the names of the module below the package."""
    package, found = own[0], []
    for line, names in imported(path):
        name = names[0]
        if name not in LAYER_OF:
            found.append(f"{path}:{line}: '{name}' is in no layer; add it to tests/test_layers.py")
        elif LAYER_OF[name] > LAYER_OF[package]:
            layers = f"{package} (layer {LAYER_OF[package]}) imports {name} (layer {LAYER_OF[name]})"
            found.append(f"{path}:{line}: {layers}")
        elif name != package and name in PLUG_INS and package in PLUG_INS:
            found.append(f"{path}:{line}: plug-in package {package} imports {name}")
        private = next((index for index, part in enumerate(names) if part.startswith("_")), None)
        if private is not None and names[:private] != own[:private]:
            found.append(f"{path}:{line}: {'.'.join(own)} imports {'.'.join(names)}, which is private elsewhere")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_its_own_or_lower_layers(path: Path) -> None:
    own = path.relative_to(PACKAGE).with_suffix("").parts
    if own == ("__init__",):
        assert list(imported_at_once(path)) == []
        return
    assert own[0] in LAYER_OF, f"'{own[0]}' is in no layer; add it to tests/test_layers.py"
    assert faults_of(path, own) == []


def test_the_walk_sees_a_wrong_import_inside_a_function(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "def f():\n    from webarena_runner.cli import main\n    import webarena_runner.models.replay\n"
        "    from webarena_runner.actions._private import name\n    from webarena_runner.agents._own import name\n"
    )
    assert len(faults_of(wrong, ("agents", "wrong"))) == 3


def test_the_embedded_sites_know_nothing_of_the_runner() -> None:
    known = {
        path: [name for _, name in dotted_names(path) if name.startswith("webarena_runner")]
        for path in MINI.rglob("*.py")
    }
    assert len(known) > 100
    assert {path: names for path, names in known.items() if names} == {}


def test_only_the_provider_and_the_command_line_know_the_embedded_sites() -> None:
    knowing = {
        path.relative_to(PACKAGE).parts[0]
        for path in MODULES
        if any(name.startswith("webarena_mini") for _, name in dotted_names(path))
    }
    assert knowing == set(MAY_IMPORT_MINI)
