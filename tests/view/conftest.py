"""`wa-run view` as a process of its own, and run folders for it to show."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import WA_RUN
from tests.export.runs import small_run


@dataclass(frozen=True)
class Viewed:
    """The running server, and the folder that it shows."""

    out: Path
    url: str
    process: subprocess.Popen[str]

    def get(self, path: str, **options: object) -> httpx.Response:
        return httpx.get(self.url + path, timeout=20, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def viewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewed]:
    """With one run, `r1`, of which nobody plays anything now."""
    base = tmp_path_factory.mktemp("view")
    out = base / "results"
    out.mkdir()
    small_run(out)
    environ = os.environ | {"XDG_CACHE_HOME": str(base / "cache")}
    command = [str(WA_RUN), "view", "--out", str(out), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        yield Viewed(out, process.stdout.readline().strip(), process)
        process.terminate()
        process.wait(timeout=20)
