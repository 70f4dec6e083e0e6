"""Pictures that tasks and checks name: on the task's sites, elsewhere on the web, or in a folder with task files.

Who needs one asks `PictureSource.get`; those of a task's intent are `PictureSource.of_task`. What comes back is known
to be a picture, of a size that is worth looking at.
"""

import asyncio
import base64
import binascii
import hashlib
import re
import socket
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import getproxies, proxy_bypass

from webarena_runner.errors import DamagedRecord, NoPicture, PictureMissing
from webarena_runner.fetching import cache_root
from webarena_runner.log.files import read_bytes, write_atomically
from webarena_runner.log.writing import writing_below
from webarena_runner.official.addresses import host_and_port, joined, place_of
from webarena_runner.official.notation import render
from webarena_runner.official.public import is_public
from webarena_runner.settings.datafiles import folders
from webarena_runner.types import Task

if TYPE_CHECKING:
    import httpx

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000
LIMIT_S = 30.0
MAX_REDIRECTS = 5
KEPT_BYTES = 64 * 2**20
# Of what models are shown.
MODEL_SIDE = 1024
NAME = re.compile(r"picture-[0-9a-f]{16}\.[a-z]+")
# By Pillow's names: the suffix of a file, which is the media type too.
SUFFIXES: Mapping[str, str] = {"PNG": "png", "JPEG": "jpeg", "GIF": "gif", "WEBP": "webp", "BMP": "bmp"}
_WEB = ("http://", "https://")
_DATA = re.compile(r"data:image/[\w.+-]+(?:;[\w=-]+)*?(;base64)?,(.*)", re.DOTALL)
_SHOWN = 200


@dataclass(frozen=True)
class Picture:
    """An encoded picture; `suffix` is one of `SUFFIXES`, `width` and `height` are its pixels."""

    data: bytes = field(repr=False)
    suffix: str
    width: int
    height: int

    @property
    def media_type(self) -> str:
        return f"image/{self.suffix}"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def file_name(self) -> str:
        """By its content: the same picture has one name."""
        return f"picture-{self.sha256[:16]}.{self.suffix}"

    def for_models(self) -> bytes:
        """As all of them take it: PNG, JPEG or WebP, and not larger than they look at."""
        from PIL import Image

        if self.suffix in ("png", "jpeg", "webp") and max(self.width, self.height) <= MODEL_SIDE:
            return self.data
        with Image.open(BytesIO(self.data)) as image:
            smaller = image.convert("RGBA" if image.has_transparency_data else "RGB")
            smaller.thumbnail((MODEL_SIDE, MODEL_SIDE))
            out = BytesIO()
            smaller.save(out, "PNG")
        return out.getvalue()


@dataclass(frozen=True)
class KeptPictures:
    """Those that an episode is scored by, in the folder of its attempt; None: only as long as this object is."""

    folder: Path | None = None
    _held: dict[str, bytes] = field(default_factory=dict, repr=False)

    def keep(self, picture: Picture) -> str:
        """Its file name. Raises StoreError when the folder cannot be written."""
        name = picture.file_name
        if self.folder is None:
            self._held[name] = picture.data
        elif not (self.folder / name).exists():
            with writing_below(self.folder):
                write_atomically(self.folder / name, picture.data, durable=False)
        return name

    def read(self, name: str) -> Picture:
        """Raises DamagedRecord when it is not there, or another one."""
        if name in self._held:
            return read_picture(self._held[name], name)
        if self.folder is None or not NAME.fullmatch(name):
            raise DamagedRecord(f"{name!r:.100}: no such picture is kept of the episode")
        found = read_picture(read_bytes(self.folder / name), str(self.folder / name))
        if found.file_name != name:
            raise DamagedRecord(f"{self.folder / name}: is not the picture that was kept; put the old one back")
        return found


class PictureSource:
    """Gets pictures, and keeps the last ones in memory by what tasks call them.

    A worker has one for all who look at them: what keeps them, the agent, and the checks. `cache_dir` is as in
    `fetching.cache_root`. Beside the sites of the call only public addresses are asked, without cookies, within
    `limit_s`; `transport` is for tests.
    """

    def __init__(
        self,
        *,
        cache_dir: Path | None = None,
        transport: "httpx.AsyncBaseTransport | None" = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        self._cache_dir = cache_dir
        self._transport = transport
        self._limit_s = limit_s
        self._kept: dict[tuple[str, str], Picture] = {}
        # Each guards one picture: who wants it while it comes waits, and does not ask for it again.
        self._coming: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of_task(self, task: Task, urls: Mapping[str, str]) -> tuple[Picture, ...]:
        """Those that belong to its intent, in order; `urls` are the sites' by official name.

        Raises:
            PictureMissing: one cannot be had.
        """
        return tuple([await self.named(address, urls, task_set=task.task_set) for address in task.images])

    async def for_models(self, task: Task, urls: Mapping[str, str]) -> tuple[bytes, ...]:
        """Those of `of_task`, as models take them.

        Raises:
            PictureMissing: one cannot be had.
        """
        found = await self.of_task(task, urls)
        return tuple([await asyncio.to_thread(picture.for_models) for picture in found])

    async def named(self, address: str, urls: Mapping[str, str], *, task_set: str) -> Picture:
        """The picture that a task file names, the same one in all episodes: it is asked for once.

        Raises:
            PictureMissing: it cannot be had, or its site is none of the episode's.
        """
        key = task_set, address
        async with self._coming[key]:
            if key in self._kept:
                return self._kept[key]
            found = await self.get(render(address, urls), urls.values(), task_set=task_set)
            self._kept[key] = found
            while sum(len(each.data) for each in self._kept.values()) > KEPT_BYTES and len(self._kept) > 1:
                self._kept.pop(next(iter(self._kept)))
            return found

    async def get(self, address: str, sites: Iterable[str], *, task_set: str = "") -> Picture:
        """The picture at a URL, in a `data:` address, or at a path below a folder of task files.

        `sites` are URLs whose hosts may be private. Paths are looked for in the working directory, in what
        `wa-run tasks fetch` keeps of the task set, and in `tasks/`.

        Raises:
            PictureMissing: it is not there, too large or no picture, or the time ran out.
        """
        if address.startswith(_WEB):
            return await self._download(address, frozenset(filter(None, map(place_of, sites))))
        if address.startswith("data:"):
            return read_picture(_embedded(address), shown(address))
        return await asyncio.to_thread(self._read, address, task_set)

    async def _download(self, url: str, places: frozenset[tuple[str, int]]) -> Picture:
        # Half of what starting the program costs, and few runs need it.
        import httpx

        try:
            async with asyncio.timeout(self._limit_s):
                data = await self._body(url, places)
        except TimeoutError as error:
            raise PictureMissing(f"{shown(url)}: a picture did not come within {self._limit_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            why = str(error) or type(error).__name__
            raise PictureMissing(f"{shown(url)}: a picture cannot be downloaded: {why}") from error
        except ValueError as error:
            # Of httpx, of name resolution or of urllib, each of which takes other addresses for malformed.
            raise NoPicture(f"{shown(url)}: no address of a picture: {error}") from error
        return await asyncio.to_thread(read_picture, data, shown(url))

    async def _body(self, url: str, places: frozenset[tuple[str, int]]) -> bytes:
        """Each address on the way is looked at before it is asked."""
        import httpx

        headers = {"user-agent": "Mozilla/5.0 (compatible; webarena-runner)", "accept": "image/*"}
        timeout = httpx.Timeout(self._limit_s)
        async with httpx.AsyncClient(transport=self._transport, timeout=timeout, headers=headers) as client:
            for _ in range(MAX_REDIRECTS + 1):
                has_to_be_public = place_of(url) not in places and self._transport is None
                if has_to_be_public:
                    await _require_public(url)
                async with client.stream("GET", url) as response:
                    if has_to_be_public:
                        _require_public_peer(response, url)
                    if response.has_redirect_location:
                        url = joined(url, response.headers["location"])
                        continue
                    if response.status_code >= 500:
                        raise PictureMissing(f"{shown(url)}: the server answered {response.status_code}")
                    if response.status_code != 200:
                        raise NoPicture(f"{shown(url)}: no picture: the server answered {response.status_code}")
                    return await _limited(response, url)
        raise NoPicture(f"{shown(url)}: redirected more than {MAX_REDIRECTS} times")

    def _read(self, address: str, task_set: str) -> Picture:
        """Task files come from others: their paths lead nowhere but below these folders."""
        fetched = [cache_root(self._cache_dir) / "tasksets" / task_set] if task_set else []
        roots = [Path.cwd(), *fetched, *folders("", root="tasks")]
        for root in (root.resolve() for root in roots):
            path = (root / address).resolve()
            if path.is_relative_to(root) and path.is_file():
                if path.stat().st_size > MAX_BYTES:
                    raise _too_large(str(path))
                return read_picture(path.read_bytes(), str(path))
        raise NoPicture(
            f"{shown(address)}: no such picture; expected a URL that begins with http:// or https:// or a site such as "
            f"__HOMEPAGE__, or a path below {' or '.join(map(str, dict.fromkeys(roots)))}"
        )


def read_picture(data: bytes, origin: str) -> Picture:
    """Raises NoPicture for what cannot be decoded, has another format than those of `SUFFIXES`, or is too large."""
    from PIL import Image, UnidentifiedImageError

    if len(data) > MAX_BYTES:
        raise _too_large(origin)
    try:
        with warnings.catch_warnings():
            # The number of pixels is looked at here.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=list(SUFFIXES)) as image:
                width, height, suffix = image.width, image.height, SUFFIXES[image.format or ""]
                if width * height > MAX_PIXELS:
                    raise NoPicture(f"{origin}: {width} x {height} pixels; expected at most {MAX_PIXELS:,}")
                image.load()
    except UnidentifiedImageError as error:
        raise NoPicture(f"{origin}: no picture; expected one of {', '.join(SUFFIXES)}") from error
    except (OSError, ValueError, SyntaxError, KeyError, Image.DecompressionBombError) as error:
        raise NoPicture(f"{origin}: a broken picture: {error}") from error
    return Picture(data, suffix, width, height)


def shown(address: str) -> str:
    """For messages: not endless, and without a user name or what a query may hold."""
    if not address.startswith(_WEB):
        return address[:_SHOWN] + ("..." if address[_SHOWN:] else "")
    scheme, _, rest = address.partition("://")
    host, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"[:_SHOWN]


def _embedded(address: str) -> bytes:
    found = _DATA.fullmatch(address)
    if found is None:
        raise NoPicture(f"{shown(address)}: expected data:image/TYPE;base64,...")
    try:
        return base64.b64decode(found[2], validate=True) if found[1] else unquote_to_bytes(found[2])
    except binascii.Error as error:
        raise NoPicture(f"{shown(address)}: no base64: {error}") from error


async def _limited(response: "httpx.Response", url: str) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > MAX_BYTES:
            raise _too_large(shown(url))
    return bytes(data)


async def _require_public(url: str) -> None:
    """Raises NoPicture for an address of this machine or of a private net. A proxy of the user's looks itself."""
    place = host_and_port(url)
    if place is None or not url.startswith(_WEB):
        raise NoPicture(f"{shown(url)}: no address of a picture; expected http:// or https://")
    host, port = place
    if _is_proxied(url, host):
        return
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    private = next((str(each[4][0]) for each in found if not is_public(str(each[4][0]))), None)
    if private is not None:
        raise _private(url, private)


def _require_public_peer(response: "httpx.Response", url: str) -> None:
    """Raises NoPicture when a private address answered: a name may lead elsewhere when it is looked up again."""
    if _is_proxied(url, response.url.host):
        return
    stream = response.extensions.get("network_stream")
    peer = stream.get_extra_info("server_addr") if stream else None
    if peer and not is_public(str(peer[0])):
        raise _private(url, str(peer[0]))


def _is_proxied(url: str, host: str) -> bool:
    return urlsplit(url).scheme in getproxies() and not proxy_bypass(host)


def _private(url: str, address: str) -> NoPicture:
    return NoPicture(
        f"{shown(url)}: {urlsplit(url).hostname} is at {address}, which is no public address; a picture there is only "
        "taken from a site of the task"
    )


def _too_large(origin: str) -> NoPicture:
    return NoPicture(f"{origin}: larger than {MAX_BYTES >> 20} MiB")
