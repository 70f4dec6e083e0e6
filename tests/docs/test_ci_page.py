"""The page for CI: the jobs and the image have the same steps, and these work as they are written."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import DOCS, ROOT
from tests.docs.test_shell_commands import parse

_BLOCKS = dict(
    re.findall(r"```(\w+)\n(.*?)^```", (DOCS / "ci.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
)
_YAML = re.findall(r"```yaml\n(.*?)^```", (DOCS / "ci.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def _github() -> list[str]:
    steps = yaml.safe_load(_YAML[0])["jobs"]["smoke"]["steps"]
    return [line for step in steps for line in step.get("run", "").splitlines()]


def _gitlab() -> list[str]:
    job: dict[str, list[str]] = yaml.safe_load(_YAML[1])["smoke"]
    return job["script"] + job["after_script"]


def _docker() -> list[str]:
    return [line.removeprefix("RUN ") for line in _BLOCKS["dockerfile"].splitlines() if line.startswith("RUN ")]


STEPS = {"github": _github(), "gitlab": _gitlab(), "docker": _docker()}


@pytest.mark.parametrize("where", STEPS)
def test_each_installs_what_is_locked_and_a_browser(where: str) -> None:
    assert STEPS[where][:4] == STEPS["github"][:4]
    install = next(line for line in STEPS[where] if "dev.lock" in line)
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert install.removeprefix(".venv/bin/python ") in made


@pytest.mark.parametrize("line", sorted({line for steps in STEPS.values() for line in steps if "wa-run" in line}))
def test_the_runner_takes_what_is_written(line: str) -> None:
    parse(tuple(shlex.split(line.partition(" >> ")[0])[1:]))


def test_the_image_runs_as_a_user() -> None:
    lines = _BLOCKS["dockerfile"].splitlines()
    assert "USER runner" in lines
    assert not [line for line in lines[lines.index("USER runner") :] if line.startswith("RUN ")]
    command = next(line for line in lines if line.startswith("CMD "))
    parse(tuple(yaml.safe_load(command.removeprefix("CMD "))))


@pytest.mark.slow
def test_the_steps_work_as_a_script_in_a_clean_clone(tmp_path: Path) -> None:
    clone, summary = tmp_path / "clone", tmp_path / "summary.md"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    # `python` is what the job's set-up gives: any supported one.
    environ = {**os.environ, "GITHUB_STEP_SUMMARY": str(summary), "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    script = "\n".join(["set -e", *STEPS["github"]])
    done = subprocess.run(["bash", "-c", script], cwd=clone, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "12 of 12 passed" in summary.read_text(encoding="utf-8")
