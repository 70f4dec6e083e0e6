"""Takes the pictures out of the log of an attempt that is over."""

import json

from webarena_runner.log.files import is_file, write_atomically
from webarena_runner.log.format import Raw
from webarena_runner.log.paths import AttemptPaths
from webarena_runner.log.writing import text_of, writing_below

_NAME = "screenshot_file"


def drop_pictures(paths: AttemptPaths) -> None:
    """Its records name none then. For before its result is there: until that an attempt is played again.

    Raises:
        StoreError: the folder cannot be written.
    """
    with writing_below(paths.folder):
        named = set[str]()
        if is_file(paths.steps):
            lines = [_without(json.loads(line), named) for line in paths.steps.read_bytes().splitlines()]
            write_atomically(paths.steps, "".join(f"{text_of(line)}\n" for line in lines), durable=False)
        if is_file(paths.last_page):
            last = _without(json.loads(paths.last_page.read_bytes()), named)
            write_atomically(paths.last_page, text_of(last), durable=False)
        for name in named:
            (paths.folder / name).unlink(missing_ok=True)


def _without(record: Raw, named: set[str]) -> Raw:
    if name := record.get(_NAME):
        named.add(name)
    return record | {_NAME: None}
