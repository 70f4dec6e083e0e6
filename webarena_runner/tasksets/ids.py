"""Task ids as ranges: read from an id file, compared with the ids that there are, and listed for people."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webarena_runner.types import TaskId

Range = tuple[int, int]

_RANGE = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?")
_TEXT = re.compile(r'"[^"]+"')
_ENTRY = re.compile(r'"[^"]*"|#.*|[^\s,#]+')
_SHOWN = 12


def parse_range(text: str) -> Range | None:
    """`7` or `0-99` with both ends included, which may run backwards; None for any other text."""
    match = _RANGE.fullmatch(text)
    return (int(match[1]), int(match[2] or match[1])) if match else None


def read_id_file(path: Path) -> tuple[list[Range], list[str]]:
    """Ranges and text ids of a file, by line or comma; text ids are in double quotes, `#` starts a comment.

    Raises:
        ValueError: with what is wrong and where.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no UTF-8 text: {error}") from error
    ranges: list[Range] = []
    texts: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        for found in _ENTRY.finditer(line):
            entry = found.group()
            bounds = parse_range(entry)
            if entry.startswith("#"):
                continue
            if _TEXT.fullmatch(entry):
                texts.append(entry[1:-1])
            elif bounds is None or bounds[1] < bounds[0]:
                raise ValueError(f"{path}, line {number}: '{entry}' is no id and no range")
            else:
                ranges.append(bounds)
    if not ranges and not texts:
        raise ValueError(f"{path} names no id")
    return ranges, texts


def between(ids: Sequence[int], bounds: Range) -> Sequence[int]:
    """The part of the sorted ids inside the bounds."""
    return ids[bisect_left(ids, bounds[0]) : bisect_right(ids, bounds[1])]


def gaps(ids: Sequence[int], bounds: Range) -> Iterator[Range]:
    """Ranges between the bounds that are not among the sorted ids."""
    start, end = bounds
    for task_id in between(ids, bounds):
        if start < task_id:
            yield start, task_id - 1
        start = task_id + 1
    if start <= end:
        yield start, end


def listed(ranges: Iterable[Range], texts: Iterable[str] = ()) -> str:
    """Ids in as few ranges as they make, then text ids, in quotes; cut after a dozen."""
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    parts = [str(low) if low == high else f"{low}-{high}" for low, high in merged]
    parts += [f'"{text}"' for text in sorted(texts)]
    return ", ".join(parts[:_SHOWN]) + (f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else "")


def listed_ids(ids: "Iterable[TaskId]") -> str:
    """The same of single ids."""
    numbers, texts = split(ids)
    return listed(((number, number) for number in numbers), texts)


def split(ids: "Iterable[TaskId]") -> tuple[list[int], list[str]]:
    """The ids that are numbers, and those that are texts, each in order."""
    numbers: list[int] = []
    texts: list[str] = []
    for task_id in ids:
        if isinstance(task_id, str):
            texts.append(task_id)
        else:
            numbers.append(task_id)
    return sorted(numbers), sorted(texts)
