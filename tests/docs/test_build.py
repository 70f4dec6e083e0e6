"""The pages as `make docs` builds them: without a warning, and whole without a network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT

# What a page loads to be shown; links that a reader follows are none of these.
_LOADED = re.compile(r"""<(?:script|img|iframe|source)[^>]*\ssrc="(?:https?:)?//|<link[^>]*\shref="(?:https?:)?//""")
_IMPORTED = re.compile(r"""url\(["']?(?:https?:)?//|@import\s+["'](?:https?:)?//""")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", str(DOCS), str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.long
def test_every_page_is_built_and_in_the_contents(built: Path) -> None:
    sources = [path for path in DOCS.glob("**/*.md") if not {"_build", "examples"} & set(path.parts)]
    contents = (built / "index.html").read_text(encoding="utf-8")
    assert sources
    for source in sources:
        page = source.relative_to(DOCS).with_suffix(".html").as_posix()
        assert (built / page).is_file()
        assert f'href="{page}"' in contents or page == "index.html"


@pytest.mark.long
def test_pages_load_nothing_from_elsewhere(built: Path) -> None:
    pages, styles = list(built.rglob("*.html")), list(built.rglob("*.css"))
    assert pages
    assert styles
    assert [page.name for page in pages if _LOADED.search(page.read_text(encoding="utf-8"))] == []
    assert [style.name for style in styles if _IMPORTED.search(style.read_text(encoding="utf-8"))] == []
