"""The reference pages: every command, option, setting and plug-in is in them, with its meaning."""

import re
from collections.abc import Iterator
from importlib.metadata import distribution

import pytest

from docs.generate import PARTS, fill
from docs.generate.commands import walk
from tests.cli.conftest import Invoke
from tests.docs.pages import DOCS, PAGES

COMMANDS = [words for words, _ in walk()]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_is_in_the_reference_with_its_options(
    invoke: Invoke, words: tuple[str, ...]
) -> None:
    shown = invoke(*words, "--help")
    assert shown.code == 0
    name = " ".join(("wa-run", *words))
    section = PARTS["commands"]().partition(f"## `{name}`\n")[2].partition("\n## ")[0]
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", shown.out)) - {"--help"}
    assert section
    assert [option for option in sorted(options) if option not in section] == []


@pytest.mark.parametrize("part", sorted(set(PARTS) - {"plug-ins"}))
def test_no_row_of_a_generated_table_lacks_its_meaning(part: str) -> None:
    assert [row for row in _rows(PARTS[part]()) if not row["meaning"]] == []


def test_every_generated_part_is_on_a_page() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in PARTS if f"<!-- generated: {name} -->" not in pages] == []


def test_every_plug_in_of_the_runner_is_in_the_reference() -> None:
    page = fill((DOCS / "reference" / "plug-ins.md").read_text(encoding="utf-8"))
    entries = [entry for entry in distribution("webarena-runner").entry_points if entry.group.startswith("webarena_")]
    assert [entry for entry in entries if f"| `{entry.group}` | `{entry.name}` |" not in page] == []


def _rows(text: str) -> Iterator[dict[str, str]]:
    """Cells of the tables that have a column `meaning`, by the head of their column."""
    head: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            head = []
        elif not head:
            head = cells
        elif "meaning" in head and set(cells) != {"---"}:
            yield dict(zip(head, cells, strict=True))
