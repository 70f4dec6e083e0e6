"""Task ids as ranges: read from an id file, compared with the ids that there are, and listed for people."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

Range = tuple[int, int]

_RANGE = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?")


def parse_range(text: str) -> Range | None:
    """`7` or `0-99` with both ends included, which may run backwards; None for any other text."""
    match = _RANGE.fullmatch(text)
    return (int(match[1]), int(match[2] or match[1])) if match else None


def read_id_file(path: Path) -> list[Range]:
    """Ranges of a file with ids by line or comma; `#` starts a comment.

    Raises:
        ValueError: with what is wrong and where.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no UTF-8 text: {error}") from error
    ranges = []
    for number, line in enumerate(text.splitlines(), start=1):
        for entry in line.partition("#")[0].replace(",", " ").split():
            bounds = parse_range(entry)
            if bounds is None or bounds[1] < bounds[0]:
                raise ValueError(f"{path}, line {number}: '{entry}' is no id and no range")
            ranges.append(bounds)
    if not ranges:
        raise ValueError(f"{path} names no id")
    return ranges


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


def listed(ranges: Iterable[Range]) -> str:
    """Ids in as few ranges as they make, cut after a dozen."""
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    parts = [str(low) if low == high else f"{low}-{high}" for low, high in merged]
    return ", ".join(parts[:12]) + (f" and {len(parts) - 12} more" if len(parts) > 12 else "")
