"""Plug-ins by name."""

import sys
from pathlib import Path

import pytest

from webarena_runner import registry
from webarena_runner.errors import ConfigError

METADATA = """\
Metadata-Version: 2.4
Name: someones-plugin
Version: 1
Provides-Extra: cuda
Requires-Dist: a-heavy-package>=1; extra == "cuda"
"""
ENTRY_POINTS = """\
[webarena_runner.agents]
someones = someones_plugin:Agent
heavy = someones_heavy:Agent
broken = someones_plugin:Nothing
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's distribution with three agents: one works, one needs a missing package, one is not there."""
    info = tmp_path / "someones_plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "someones_plugin.py").write_text("class Agent: ...\n")
    (tmp_path / "someones_heavy.py").write_text("import a_heavy_package\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("someones_plugin", "someones_heavy"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_a_third_partys_plug_in_loads_like_our_own(installed: None) -> None:
    assert registry.load("agents", "someones").__module__ == "someones_plugin"
    assert {"someones", "oracle", "prompted"} <= set(registry.names("agents"))


def test_an_unknown_name_lists_the_known_and_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"unknown agent plug-in 'orcale'; did you mean 'oracle'\? Known: .*prompted"):
        registry.load("agents", "orcale")


def test_a_missing_package_is_told_with_the_extra_that_brings_it(installed: None) -> None:
    with pytest.raises(ConfigError, match=r"'a_heavy_package'.*pip install 'someones-plugin\[cuda\]'"):
        registry.load("agents", "heavy")


def test_a_plug_in_that_is_not_where_it_says_is_an_error(installed: None) -> None:
    with pytest.raises(ConfigError, match="'broken' .* cannot be imported"):
        registry.load("agents", "broken")


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("torch", "transformers"),
        ("PIL.Image", "transformers"),
        ("google.generativeai", "gemini"),
        ("ray", "ray"),
        ("x", None),
    ],
)
def test_the_extra_is_found_in_the_requirements(module: str, extra: str | None) -> None:
    requirements = [
        "pydantic>=2",
        'torch<3,>=2.6; extra == "transformers"',
        "pillow>=11; extra == 'transformers'",
        'google-generativeai<0.9; extra == "gemini"',
        'ray>=2; python_version < "3.14" and extra == "ray"',
    ]
    assert registry.extra_for(module, requirements) == extra
