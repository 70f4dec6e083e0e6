"""The table of all runs as CSV, Markdown and JSON."""

from typing import Any

from webarena_runner.export.board import Board, Entry
from webarena_runner.export.cells import csv_text, safe_cell
from webarena_runner.export.leaderboard import COLUMNS, MODEL, RUN_ID
from webarena_runner.report.comparison.manifests import alike
from webarena_runner.report.markdown import plain, row

GROUP = "Group"
_HEAD = (
    GROUP,
    MODEL,
    "Success Rate (%)",
    "CI",
    "N Passed",
    "N Planned",
    "Task Set",
    "Profile",
    "Agent",
    RUN_ID,
    "Note",
)
_NUMBERS = {GROUP, "Success Rate (%)", "CI", "N Passed", "N Planned"}


def board_csv(board: Board) -> str:
    """The columns of leaderboard.csv, and the group."""
    head = [*COLUMNS, GROUP]
    rows = [_cells(board, at) for at in range(len(board.entries))]
    return csv_text([head, *([safe_cell(cells[name]) for name in head] for cells in rows)])


def board_markdown(board: Board) -> str:
    rows = [_cells(board, at) for at in range(len(board.entries))]
    table = [
        row(_HEAD),
        row(["---:" if name in _NUMBERS else "---" for name in _HEAD]),
        *(row([plain(cells[name]) for name in _HEAD]) for cells in rows),
    ]
    groups = [f"- {group}: {plain(text)}" for group, text in group_texts(board).items()]
    parts = ["\n".join(table), "Success rates can be set side by side within a group:", "\n".join(groups)]
    return "\n\n".join(parts)


def board_json(board: Board) -> dict[str, Any]:
    return {
        "runs": [
            {
                "run_id": entry.run_id,
                "group": group,
                "unfinished": entry.unfinished,
                "total": entry.total.as_json(),
                "interval": entry.interval and list(entry.interval),
                "steps": entry.steps,
                "tokens": entry.tokens,
                "wall_s": entry.wall_s,
                "cost_usd": entry.cost_usd,
                "row": entry.row,
                "damaged": list(entry.faults),
            }
            for entry, group in zip(board.entries, board.groups, strict=True)
        ],
        "groups": {str(group): text for group, text in group_texts(board).items()},
        "unreadable": list(board.unreadable),
    }


def group_texts(board: Board) -> dict[int, str]:
    """What the runs of each group have in common, and what tells it from a group of which the same is said."""
    firsts = {group: board.first_of(group) for group in dict.fromkeys(board.groups)}
    texts = {group: _common(entry) for group, entry in firsts.items()}
    found = {}
    for group, entry in firsts.items():
        ours = alike(entry.manifest)
        others = [alike(firsts[other].manifest) for other in firsts if other != group and texts[other] == texts[group]]
        apart = [f"{name} {value or 'none'}" for name, value in ours.items() if any(o[name] != value for o in others)]
        found[group] = "; ".join([texts[group], *apart])
    return {group: _with_caution(text, firsts[group]) for group, text in found.items()}


def _common(entry: Entry) -> str:
    manifest = entry.manifest
    tasks = len({task_id for task_id, _ in manifest.planned})
    of = f" of {manifest.expected_count}" if manifest.expected_count and tasks != manifest.expected_count else ""
    parts = [f"{manifest.task_set}, {tasks} task{'s' if tasks != 1 else ''}{of}", f"{manifest.sites} sites"]
    parts.append(f"judge {manifest.judge}" if manifest.judge else "no judge")
    if manifest.task_set_modified:
        parts.append("modified task file")
    return ", ".join(parts)


def _with_caution(text: str, entry: Entry) -> str:
    return f"{text} ({entry.manifest.caution})" if entry.manifest.caution else text


def _cells(board: Board, at: int) -> dict[str, str]:
    return board.entries[at].row | {GROUP: str(board.groups[at])}
