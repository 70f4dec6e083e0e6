"""The command that installs what an extra brings, by how the package came here."""

import json
import sys
from pathlib import Path

import pytest

from webarena_runner.extras import (
    Environment,
    Installer,
    Origin,
    environment,
    extra_command,
    extra_for,
    origin,
    requirements,
)

PYTHON = "/env/bin/python"
METADATA = """\
Metadata-Version: 2.4
Name: someones-plugin
Version: 1
Requires-Dist: pydantic>=2
Requires-Dist: torch<3,>=2.6; extra == 'local'
Requires-Dist: someones-plugin[local]; extra == 'quantised'
Requires-Dist: optimum>=2; extra == 'quantised'
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The metadata folder of an installed package."""
    folder = tmp_path / "site" / "someones_plugin-1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(METADATA)
    monkeypatch.syspath_prepend(str(folder.parent))
    return folder


def gptq(here: Environment, came_from: Origin) -> str:
    return extra_command(here, came_from, "webarena-runner", "gptq", ("torch>=2", "optimum>=2"))


@pytest.mark.parametrize(
    ("made_by", "command"),
    [
        ("pip", "/env/bin/python -m pip install --editable '{0}[gptq]'"),
        ("uv pip", "uv pip install --python /env/bin/python --editable '{0}[gptq]'"),
        ("uv tool", "uv tool install --force --editable '{0}[gemini,gptq]'"),
        ("uvx", "uvx --from '{0}[gptq]' wa-run"),
        ("pipx", "pipx inject webarena-runner 'torch>=2' 'optimum>=2'"),
    ],
)
def test_an_extra_of_an_editable_checkout(tmp_path: Path, made_by: Installer, command: str) -> None:
    here = Environment(made_by, PYTHON, extras=("gemini",) if made_by == "uv tool" else ())
    assert gptq(here, Origin(tmp_path.as_uri(), tmp_path, editable=True)) == command.format(tmp_path)


@pytest.mark.parametrize(
    ("came_from", "target"),
    [
        (Origin("https://host/x.whl"), "'webarena-runner[gptq] @ https://host/x.whl'"),
        (Origin("git+https://host/x.git@abc"), "'webarena-runner[gptq] @ git+https://host/x.git@abc'"),
        (Origin(), "'webarena-runner[gptq]'"),
        (Origin("file:///gone/x.whl"), "'torch>=2' 'optimum>=2'"),
        (Origin("file:///gone", Path("/gone"), editable=True), "'torch>=2' 'optimum>=2'"),
    ],
)
def test_an_extra_is_installed_from_where_the_package_came_unless_that_is_gone(came_from: Origin, target: str) -> None:
    assert gptq(Environment("pip", PYTHON), came_from) == f"/env/bin/python -m pip install {target}"


def test_an_extra_of_another_package_does_not_install_the_runner_anew() -> None:
    command = extra_command(Environment("uv tool", PYTHON, ("gemini",)), Origin(), "someones", "cuda", ("cupy>=13",))
    assert command == "uv pip install --python /env/bin/python 'cupy>=13'"


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (None, Origin()),
        ({"url": "file:///a%20b", "dir_info": {}}, Origin("file:///a%20b", Path("/a b"))),
        ({"url": "file:///a", "dir_info": {"editable": True}}, Origin("file:///a", Path("/a"), editable=True)),
        ({"url": "file:///x.whl", "archive_info": {}}, Origin("file:///x.whl")),
        (
            {"url": "https://host/x.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            Origin("git+https://host/x.git@abc"),
        ),
    ],
)
def test_where_a_package_came_from_is_read_from_what_its_installer_left(
    package: Path, record: object, found: Origin
) -> None:
    if record is not None:
        (package / "direct_url.json").write_text(json.dumps(record))
    assert origin("someones-plugin") == found


def test_an_extra_that_includes_another_brings_what_that_one_brings(package: Path) -> None:
    assert requirements("someones-plugin", "quantised") == ("torch<3,>=2.6", "optimum>=2")
    assert requirements("not-installed", "x") == ()


def test_what_made_an_environment_is_seen_by_what_it_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = tmp_path / "cache" / "env"
    prefix.mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(prefix))
    # uv marks its environments as it marks its cache.
    (prefix / "CACHEDIR.TAG").touch()
    assert environment().made_by in ("pip", "uv pip")
    (tmp_path / "cache" / "CACHEDIR.TAG").touch()
    assert environment().made_by == "uvx"
    (prefix / "pipx_metadata.json").touch()
    assert environment().made_by == "pipx"
    receipt = '[tool]\nrequirements = [{ name = "webarena-runner", extras = ["gemini"], directory = "/x" }]\n'
    (prefix / "uv-receipt.toml").write_text(receipt)
    assert (environment().made_by, environment().extras) == ("uv tool", ("gemini",))


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("torch", "transformers"),
        ("PIL.Image", "transformers"),
        ("google.generativeai", "gemini"),
        ("ray", "ray"),
        ("mlflow", "mlflow"),
        ("gspread", "sheets"),
        ("hatchling", "dev"),
        ("x", None),
    ],
)
def test_the_extra_is_found_in_the_requirements(module: str, extra: str | None) -> None:
    requirements = [
        "pydantic>=2",
        'gspread<7,>=6.2; extra == "dev"',
        'hatchling; extra == "dev"',
        'torch<3,>=2.6; extra == "transformers"',
        "pillow>=11; extra == 'transformers'",
        'google-generativeai<0.9; extra == "gemini"',
        'mlflow-skinny<4,>=3; extra == "mlflow"',
        'gspread<7,>=6.2; extra == "sheets"',
        'ray>=2; python_version < "3.14" and extra == "ray"',
    ]
    assert extra_for(module, requirements) == extra
