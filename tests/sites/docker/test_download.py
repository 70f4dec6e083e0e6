"""Getting large files from a server that breaks off, knows no ranges, or has another file than before."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from webarena_runner.errors import ConfigError, SiteError
from webarena_runner.sites.docker.download import download

CONTENT = bytes(range(256)) * 4096


class Mirror:
    """A server of one file. `cuts` has how many bytes each answer sends before the connection breaks, then all."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/images/shop.tar"
        self.content = CONTENT
        self.cuts: list[int] = []
        self.ranges = True
        self.sha256: str | None = None
        self.claims: int | None = None
        self.etag = '"one"'
        self.asked: list[str] = []


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith(".sha256"):
                return self._checksum()
            asked = self.headers["Range"] or ""
            found.asked.append(asked)
            begin = self._begin(asked)
            body = found.content[begin:]
            if begin and not body:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(found.content)}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(found.claims or len(body)))
            self.send_header("ETag", found.etag)
            self.end_headers()
            self.wfile.write(body[: found.cuts.pop(0)] if found.cuts else body)
            return None

        def _begin(self, asked: str) -> int:
            same = self.headers["If-Range"] in (None, found.etag)
            return int(asked.removeprefix("bytes=").rstrip("-")) if asked and found.ranges and same else 0

        def _checksum(self) -> None:
            self.send_response(404 if found.sha256 is None else 200)
            self.end_headers()
            self.wfile.write(f"{found.sha256}  shop.tar\n".encode())

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    found = Mirror(f"http://127.0.0.1:{server.server_address[1]}")
    yield found
    server.shutdown()
    server.server_close()


def nothing(have: int, total: int | None) -> None: ...


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_broken_connection_is_gone_on_with_where_it_broke(mirror: Mirror, tmp_path: Path) -> None:
    mirror.cuts = [300_000, 200_000]
    told: list[tuple[int, Any]] = []
    fetched = await download(mirror.url, tmp_path / "shop.tar", progress=lambda *each: told.append(each))
    assert fetched.path.read_bytes() == CONTENT
    assert mirror.asked == ["", "bytes=300000-", "bytes=500000-"]
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert fetched.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert names(tmp_path) == ["shop.tar"]


async def test_what_an_earlier_start_left_is_gone_on_with(mirror: Mirror, tmp_path: Path) -> None:
    mirror.cuts = [400_000, 0, 0, 0, 0]
    with pytest.raises(SiteError, match=r"the connection broke 5 times.*the same command goes on from there"):
        await download(mirror.url, tmp_path / "shop.tar", progress=nothing)
    assert not (tmp_path / "shop.tar").exists()
    mirror.asked.clear()
    await download(mirror.url, tmp_path / "shop.tar", progress=nothing)
    assert mirror.asked == ["bytes=400000-"]
    assert (tmp_path / "shop.tar").read_bytes() == CONTENT


async def test_a_file_that_is_whole_already_is_not_sent_again(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "shop.tar.part").write_bytes(CONTENT)
    await download(mirror.url, tmp_path / "shop.tar", progress=nothing)
    assert mirror.asked == [f"bytes={len(CONTENT)}-"]
    assert (tmp_path / "shop.tar").read_bytes() == CONTENT


@pytest.mark.parametrize("change", ["another file", "no ranges"])
async def test_what_cannot_be_gone_on_with_begins_anew(mirror: Mirror, tmp_path: Path, change: str) -> None:
    mirror.cuts = [400_000, 0, 0, 0, 0]
    with pytest.raises(SiteError):
        await download(mirror.url, tmp_path / "shop.tar", progress=nothing)
    if change == "another file":
        mirror.etag, mirror.content = '"two"', CONTENT[::-1]
    else:
        mirror.ranges = False
    await download(mirror.url, tmp_path / "shop.tar", progress=nothing)
    assert (tmp_path / "shop.tar").read_bytes() == mirror.content


async def test_the_published_checksum_is_held_to(mirror: Mirror, tmp_path: Path) -> None:
    mirror.sha256 = hashlib.sha256(CONTENT).hexdigest().upper()
    assert (await download(mirror.url, tmp_path / "shop.tar", progress=nothing)).checked
    mirror.sha256 = "0" * 64
    with pytest.raises(SiteError, match=f"its sha256 is .*, published is {'0' * 64}; the file was removed"):
        await download(mirror.url, tmp_path / "other.tar", progress=nothing)
    assert names(tmp_path) == ["shop.tar"]


async def test_a_file_larger_than_the_free_space_is_not_begun(mirror: Mirror, tmp_path: Path) -> None:
    mirror.claims = 10**18
    with pytest.raises(ConfigError, match=r"1000000000\.0 GB are still to come, and .* GB free; .*--data"):
        await download(mirror.url, tmp_path / "shop.tar", progress=nothing)


async def test_a_file_that_is_not_there_is_told_at_once(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="the connection broke"):
        await download("http://127.0.0.1:1/shop.tar", tmp_path / "shop.tar", progress=nothing)
    with pytest.raises(ConfigError, match="cannot be written"):
        await download(mirror.url, Path("/proc/none/shop.tar"), progress=nothing)
