"""Which code made a run: its commit, and whether it was changed."""

import subprocess
from pathlib import Path

from webarena_runner.running.plan import commit_of


def test_results_in_a_checkout_are_no_change_of_its_code_and_a_new_module_is(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-C", tmp_path, "-c", "user.name=n", "-c", "user.email=e", *words], check=True)

    assert commit_of(tmp_path) is None
    package = tmp_path / "webarena_runner"
    package.mkdir()
    (package / "a.py").write_text("A = 1\n")
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    (tmp_path / "junit.xml").write_text("<testsuites/>")
    commit = commit_of(tmp_path)
    assert commit is not None
    assert len(commit) == 40
    (package / "b.py").write_text("B = 1\n")
    assert commit_of(tmp_path) == f"{commit}+changes"
