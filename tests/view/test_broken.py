"""A page that a fault of our own keeps from being made."""

from pathlib import Path
from typing import Never

import httpx
import pytest

from webarena_runner.view.app import make_app
from webarena_runner.view.runs import Runs


class Broken(Runs):
    def listed(self) -> Never:
        raise ZeroDivisionError("of ours")


async def test_a_fault_of_ours_is_a_page_that_says_so_and_is_told_in_the_terminal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    transport = httpx.ASGITransport(make_app(Broken(tmp_path)), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get("/")
    assert (answer.status_code, "a fault of webarena-runner" in answer.text) == (500, True)
    assert "/: ZeroDivisionError: of ours" in caplog.text
    assert "Traceback" in caplog.text
