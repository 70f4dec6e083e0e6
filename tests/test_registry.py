"""Plug-ins by name."""

import sys
from pathlib import Path
from types import FunctionType

import pytest

from webarena_runner import registry
from webarena_runner.errors import ConfigError
from webarena_runner.interfaces import Agent, Evaluator, ModelBackend, Observer, SiteProvider, TaskSet
from webarena_runner.interfaces.environments import EnvironmentProvider
from webarena_runner.interfaces.execution import Executor
from webarena_runner.interfaces.export import Exporter
from webarena_runner.settings.loading import CliOptions, load_run_config

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
raising = someones_raising:Agent
unparsed = someones_unparsed:Agent
elsewhere = someones_other:Agent
halved = someones_plugin:Halved
function = someones_plugin:agent
oracle = someones_plugin:Agent
"""
MODULES = {
    "someones_plugin": """\
class Agent:
    build = check_tasks = act = None
class Halved:
    build = None
def agent(): ...
""",
    "someones_heavy": "import a_heavy_package\n",
    "someones_raising": "raise RuntimeError('no GPU here')\n",
    "someones_unparsed": "def (\n",
}
MADE_BY = {
    "models": {"availability"},
    "agents": {"build"},
    "environments": {"open"},
    "evaluators": {"build", "Spec", "Outcome"},
    "sites": {"build", "serves", "Options"},
    "executors": {"open"},
    "exporters": {"build"},
}
PROTOCOLS: dict[registry.Group, type] = {
    "models": ModelBackend,
    "agents": Agent,
    "tasksets": TaskSet,
    "environments": EnvironmentProvider,
    "observers": Observer,
    "evaluators": Evaluator,
    "sites": SiteProvider,
    "executors": Executor,
    "exporters": Exporter,
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's distribution with agents: one works, the others are faulty, each in its own way."""
    info = tmp_path / "someones_plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    for name, source in MODULES.items():
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_third_partys_plug_in_loads_like_our_own(installed: None) -> None:
    assert registry.load("agents", "someones").__module__ == "someones_plugin"
    assert {"someones", "oracle", "prompted"} <= set(registry.names("agents"))


def test_an_unknown_name_lists_the_known_and_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"unknown agent plug-in 'orcale'; did you mean 'oracle'\? Known: .*prompted"):
        registry.load("agents", "orcale")


def test_a_missing_package_is_told_with_the_extra_that_brings_it(installed: None) -> None:
    with pytest.raises(ConfigError, match=r"'a_heavy_package'.*pip install 'someones-plugin\[cuda\]'"):
        registry.load("agents", "heavy")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("broken", r"'broken' \(someones_plugin:Nothing, of someones-plugin\) cannot be imported: .*has no attribute"),
        ("elsewhere", r"'elsewhere' .* cannot be imported: No module named 'someones_other'; correct its entry point"),
        ("raising", r"'raising' .* cannot be imported: RuntimeError: no GPU here; mend or uninstall that package"),
        ("unparsed", r"'unparsed' .* cannot be imported: SyntaxError"),
        ("halved", r"'halved' .* lacks check_tasks, act; docs/plug-ins"),
        ("function", r"'function' .* is a function; expected a class"),
        ("oracle", r"'oracle' is announced by .*someones-plugin \(.*and .*; rename yours"),
    ],
)
def test_a_faulty_plug_in_is_one_error_that_names_its_package(installed: None, name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        registry.load("agents", name)


def test_a_faulty_agent_does_not_hide_what_is_wrong_with_the_name_of_a_model(installed: None) -> None:
    with pytest.raises(ConfigError, match=r"unknown model 'nope': known: .*do-nothing"):
        load_run_config(CliOptions(model="nope"), {})


@pytest.mark.parametrize("group", PROTOCOLS)
def test_the_members_that_are_asked_for_are_those_of_the_protocol(group: registry.Group) -> None:
    methods = {name for name, value in vars(PROTOCOLS[group]).items() if isinstance(value, FunctionType | classmethod)}
    public = {name for name in methods if not name.startswith("_")} | methods & {"__aenter__", "__aexit__"}
    assert set(registry.MEMBERS[group]) == public | MADE_BY.get(group, set())
