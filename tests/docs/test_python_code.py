"""Python that pages show: it is Python, and what it imports is there."""

import ast
import re
from importlib import import_module

import pytest

from tests.docs.pages import PAGES, ROOT

_BLOCK = re.compile(r"^ *```python\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(block, id=page.relative_to(ROOT).as_posix())
    for page in PAGES
    for block in _BLOCK.findall(page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_what_a_page_imports_is_there(block: str) -> None:
    for node in ast.walk(ast.parse(block)):
        if isinstance(node, ast.Import):
            for name in node.names:
                import_module(name.name)
        elif isinstance(node, ast.ImportFrom):
            module = import_module(node.module or "")
            assert [name.name for name in node.names if not hasattr(module, name.name)] == []
