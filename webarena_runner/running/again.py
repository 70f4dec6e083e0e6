"""Which episodes of a run are tried again when only some of its errors are to be."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from webarena_runner.errors import ConfigError, EpisodeError
from webarena_runner.log import reading
from webarena_runner.types import Task

Todo = tuple[tuple[Task, int], ...]


def errored_with(classes: Sequence[str], todo: Todo, folder: Path) -> Todo:
    """Of what has no score yet, the episodes that ended in an error of these classes; of any class when there is none.

    Raises:
        ConfigError: a class is none, or no episode has ended so.
    """
    known = {"internal", *_classes(EpisodeError)}
    results, _ = reading.readable_results(folder)
    ended = {key: result.failure.error_class for key, result in results.items() if result.failure}
    counts = Counter(ended.values())
    if unknown := [name for name in classes if name not in known | counts.keys()]:
        raise ConfigError(f"--errors {','.join(unknown)}: expected some of {', '.join(sorted(known))}")
    if not todo:
        raise ConfigError(f"{folder}: all its episodes have a score, so there is nothing to try again")
    wanted = classes or tuple(counts)
    found = tuple((task, trial) for task, trial in todo if ended.get((task.task_id, trial)) in wanted)
    if not found:
        so = f" of class {' or '.join(classes)}" if classes else ""
        others = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        raise ConfigError(
            f"{folder}: no episode has ended in an error{so}{f' (it has {others})' if others else ''}; to play all "
            f"that has no score: wa-run resume {folder}"
        )
    return found


def _classes(error: type[EpisodeError]) -> Iterator[str]:
    for kind in error.__subclasses__():
        yield kind.error_class
        yield from _classes(kind)
