"""Runs the contract and prints it, behaviour by backend: `python -m tests.models.contract [PYTEST OPTIONS]`.

The engines that need their own Python are run by one that has them: `-m "models or not models"`.
"""

import sys
from collections import defaultdict
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from tests.models.contract.backends import ENGINES, FAKES, HERE

Cell = tuple[str, str]


class Outcomes:
    """Collects, for each behaviour and backend, how its tests ended."""

    def __init__(self) -> None:
        self.cell_of: dict[str, Cell] = {}
        self.behaviours: list[str] = []
        self.outcomes: dict[Cell, list[str]] = defaultdict(list)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        if isinstance(item, pytest.Function):
            given = item.callspec.params
            behaviour = item.originalname.removeprefix("test_").replace("_", " ")
            self.cell_of[item.nodeid] = (behaviour, given.get("backend") or given["subject"])
            if behaviour not in self.behaviours:
                self.behaviours.append(behaviour)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[self.cell_of[report.nodeid]].append(report.outcome)

    def word(self, cell: Cell) -> str:
        ended = self.outcomes.get(cell)
        if ended:
            failed = ended.count("failed")
            return f"{failed} of {len(ended)} FAILED" if failed else "not run" if "skipped" in ended else "ok"
        return "not run" if cell in self.cell_of.values() else "-"

    def table(self) -> Table:
        table = Table("behaviour", *FAKES, *HERE, *ENGINES, title="-: not applicable, nothing there to break")
        for behaviour in self.behaviours:
            table.add_row(behaviour, *(self.word((behaviour, name)) for name in (*FAKES, *HERE, *ENGINES)))
        return table


def main() -> int:
    outcomes = Outcomes()
    code = pytest.main([str(Path(__file__).parent), "-q", "--no-header", *sys.argv[1:]], plugins=[outcomes])
    Console(width=200).print(outcomes.table())
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
