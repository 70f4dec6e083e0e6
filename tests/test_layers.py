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
    1: (
        "interfaces",
        "registry",
        "extras",
        "fetching",
        "pictures",
        "official",
        "settings",
        "log",
        "actions",
        "lifeline",
        "loopback",
        "stopping",
        "inside",
        "allowance",
        "time_limits",
    ),
    2: ("tasksets", "browser", "models", "agents", "sites", "evaluators", "verified"),
    3: ("environments", "report", "export", "importers", "rescoring", "results"),
    4: ("cube", "running", "gym", "openenv", "view"),
    5: ("cli",),
}
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names}
PLUG_INS = LAYERS[2]
MODULES = sorted(PACKAGE.rglob("*.py"))
MINI = Path(webarena_mini.__file__).parent
# Of the runner only these know the embedded sites.
MINI_LAYERS = ("kit", "region", "sites", "catalog", "farm", "server")
SITE_LAYERS = ("domain", "seed", "pages", "routes", "app")
KNOW_NO_HTTP = ("domain", "seed")
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


def mini_faults_of(path: Path, own: tuple[str, ...]) -> list[str]:
    """`own` has the names of a module below webarena_mini; a site stands alone and knows HTTP only in its pages."""
    found = []
    in_site = own[0] == "sites" and len(own) > 2
    for line, name in dotted_names(path):
        first, *names = name.split(".")
        if first == "starlette" and in_site and own[2] in KNOW_NO_HTTP:
            found.append(f"{path}:{line}: {'.'.join(own)} imports {name}")
        if first != "webarena_mini" or names[0] not in MINI_LAYERS:
            continue
        wrong = MINI_LAYERS.index(names[0]) > MINI_LAYERS.index(own[0])
        if names[0] == own[0] == "sites":
            wrong = names[1] != own[1] or (in_site and names[2] in SITE_LAYERS[SITE_LAYERS.index(own[2]) + 1 :])
        if wrong:
            found.append(f"{path}:{line}: {'.'.join(own)} imports {name}")
    return found


def test_a_module_of_the_embedded_sites_imports_only_from_lower_layers_and_from_no_other_site() -> None:
    modules = {path: path.relative_to(MINI).with_suffix("").parts for path in MINI.rglob("*.py")}
    layered = {path: own for path, own in modules.items() if own[0] in MINI_LAYERS}
    assert {own[0] for own in modules.values()} == {*MINI_LAYERS, "__init__", "errors"}
    assert {own[2] for own in layered.values() if len(own) > 2 and own[0] == "sites"} == {*SITE_LAYERS, "__init__"}
    assert [
        fault for path, own in layered.items() if own[-1] != "__init__" for fault in mini_faults_of(path, own)
    ] == []


def test_the_walk_sees_wrong_imports_of_an_embedded_site(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from starlette.requests import Request\nfrom webarena_mini.farm import Farm\n"
        "from webarena_mini.sites.shop.pages import cart\nfrom webarena_mini.sites.wiki.domain import text\n"
        "from webarena_mini.kit.database import Database\nfrom webarena_mini.sites.shop.domain import cart\n"
    )
    assert len(mini_faults_of(wrong, ("sites", "shop", "domain", "wrong"))) == 4
