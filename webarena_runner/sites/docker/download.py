"""Getting one large file: resumed where it broke off, with a look at the free space before and a checksum after."""

import asyncio
import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from webarena_runner.errors import ConfigError, SiteError
from webarena_runner.log.files import place_in

# Of one read; a connection that has sent nothing for so long is broken.
IDLE_LIMIT_S = 60.0
TRIES = 5
_SHA256 = re.compile(r"\b[0-9a-fA-F]{64}\b")
GB = 1e9
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Fetched:
    """`checked`: its sha256 is the one that is published beside it; False: none is published."""

    path: Path
    sha256: str
    checked: bool


async def download(url: str, path: Path, *, progress: Progress, idle_limit_s: float = IDLE_LIMIT_S) -> Fetched:
    """Writes `path.part`, which a later call goes on with, and renames it when it is whole and right.

    `progress` is told the bytes that are there and of how many, None where the server does not say.

    Raises:
        ConfigError: not enough free space, no such file there, or a folder that cannot be written.
        SiteError: the connection broke TRIES times without a byte in between, or the checksum differs.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        async with httpx.AsyncClient(follow_redirects=True, timeout=httpx.Timeout(idle_limit_s)) as client:
            expected = await _published_sha256(client, url)
            await _fetch(client, url, part, progress)
        sha256 = await asyncio.to_thread(_sha256_of, part)
        if expected and sha256 != expected:
            part.unlink()
            raise SiteError(f"{url}: its sha256 is {sha256}, published is {expected}; the file was removed, try again")
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"{place_in(error, path)}: cannot be written: {error.strerror or error}") from error
    return Fetched(path, sha256, checked=bool(expected))


async def _published_sha256(client: httpx.AsyncClient, url: str) -> str:
    """What the file `URL.sha256` has; "" where there is none."""
    try:
        reply = await client.get(f"{url}.sha256")
    except httpx.HTTPError:
        return ""
    found = _SHA256.search(reply.text[:1000]) if reply.is_success else None
    return found[0].lower() if found else ""


async def _fetch(client: httpx.AsyncClient, url: str, part: Path, progress: Progress) -> None:
    failures = 0
    while True:
        before = _size(part)
        try:
            await _go_on(client, url, part, progress)
            return
        except httpx.HTTPError as error:
            failures = 1 if _size(part) > before else failures + 1
            if failures >= TRIES:
                raise SiteError(
                    f"{url}: the connection broke {TRIES} times ({error or type(error).__name__}); "
                    f"{_size(part) / GB:.2f} GB are in {part}, and the same command goes on from there"
                ) from error


async def _go_on(client: httpx.AsyncClient, url: str, part: Path, progress: Progress) -> None:
    """From where the part ends; from the start where the server knows no ranges, or has another file now."""
    have = _size(part)
    tag = part.with_name(f"{part.name}.etag")
    headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {"Accept-Encoding": "identity"}
    if have and tag.exists():
        headers["If-Range"] = tag.read_text(encoding="utf-8")
    async with client.stream("GET", url, headers=headers) as reply:
        if reply.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and have == _whole_size(reply):
            tag.unlink(missing_ok=True)
            return
        if reply.is_client_error:
            raise ConfigError(f"{url}: the server answers {reply.status_code}; get {part.stem} by other means")
        reply.raise_for_status()
        resumed = reply.status_code == httpx.codes.PARTIAL_CONTENT
        length = reply.headers.get("Content-Length")
        have = have if resumed else 0
        total = have + int(length) if length else None
        _require_space(part.parent, total and total - have, url)
        # Weak tags do not name bytes.
        if (etag := reply.headers.get("ETag", "")) and not etag.startswith("W/"):
            tag.write_text(etag, encoding="utf-8")
        with part.open("ab" if resumed else "wb") as file:
            # As it comes: with a size, what has come before a break is thrown away up to that size.
            async for chunk in reply.aiter_raw():
                file.write(chunk)
                have += len(chunk)
                progress(have, total)
    tag.unlink(missing_ok=True)


def _whole_size(reply: httpx.Response) -> int | None:
    """Of a refused range, `bytes */SIZE`."""
    size = reply.headers.get("Content-Range", "").rpartition("/")[2]
    return int(size) if size.isdecimal() else None


def _require_space(folder: Path, needed: int | None, url: str) -> None:
    free = shutil.disk_usage(folder).free
    if needed is not None and needed > free:
        raise ConfigError(
            f"{url}: {needed / GB:.1f} GB are still to come, and {folder} has {free / GB:.1f} GB free; name a folder "
            "on a larger disk with data (--data)"
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
