"""`wa-run env serve` where it cannot begin.

What it serves is tested with clients of OpenEnv and CUBE (make openenv-test, make cube-test).
"""

from importlib.util import find_spec

import pytest

from tests.cli.conftest import Invoke


def test_a_protocol_that_there_is_none_of_is_refused(invoke: Invoke) -> None:
    done = invoke("env", "serve", "--kind", "gym")
    assert (done.code, done.out) == (2, "")
    assert "--kind gym: expected openenv, cube" in done.err


@pytest.mark.skipif(find_spec("openenv") is not None, reason="openenv is here")
def test_a_missing_package_is_told_with_how_to_install_it(invoke: Invoke) -> None:
    done = invoke("env", "serve", "--sessions", "2")
    assert (done.code, done.out) == (2, "")
    assert "openenv, which is not installed; run:" in done.err
    assert "[openenv]" in done.err


@pytest.mark.skipif(find_spec("cube") is not None, reason="cube-standard is here")
def test_cube_s_package_needs_a_newer_python_too(invoke: Invoke) -> None:
    done = invoke("env", "serve", "--kind", "cube")
    assert (done.code, done.out) == (2, "")
    assert "cube-standard, which is not installed; run:" in done.err
    assert "(with Python 3.12 or newer)" in done.err


@pytest.mark.skipif(find_spec("miniwob") is not None, reason="miniwob is here")
def test_a_task_set_whose_package_is_missing_says_how_to_install_it(invoke: Invoke) -> None:
    done = invoke("tasks", "list", "--task-set", "miniwob")
    assert (done.code, done.out) == (2, "")
    assert "needs the package miniwob, which is not installed; run:" in done.err
    assert "[miniwob]" in done.err
