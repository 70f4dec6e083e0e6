"""The page about notebooks: what it shows runs, block after block, on two runs of the names that it has."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS
from tests.results.test_frames import write


def test_the_blocks_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("monday", "tuesday"):
        write(tmp_path / "results", name)
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "notebooks.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/notebooks.md", "exec"), names)  # noqa: S102 - it is our page
    assert len(blocks) > 3
    assert names["rate"].to_dict() == {"monday": 0.0, "tuesday": 0.0}  # type: ignore[attr-defined]
    assert names["table"].loc["shopping", "monday"] == 0.0  # type: ignore[attr-defined]
