"""Pictures that task files name, wherever they are, and what is not taken for one."""

import asyncio
import base64
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.support.local_site import Reply as Served
from tests.support.local_site import serve
from webarena_runner import pictures
from webarena_runner.errors import NoPicture, PictureMissing
from webarena_runner.pictures import Picture, PictureSource, read_picture

Reply = Callable[[httpx.Request], httpx.Response]
SITE = "http://127.0.0.1:7"


def png(colour: str = "red", size: tuple[int, int] = (8, 4)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def source(reply: Reply, tmp_path: Path) -> PictureSource:
    return PictureSource(cache_dir=tmp_path, transport=httpx.MockTransport(reply))


async def test_a_picture_of_a_site_is_asked_for_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, content=png())

    pictures_of = source(reply, tmp_path)
    for _ in range(2):
        found = await pictures_of.named("__HOMEPAGE__/static/a.png", {"homepage": SITE}, task_set="x")
    assert found == Picture(png(), "png", 8, 4)
    assert (found.media_type, found.file_name) == ("image/png", f"picture-{found.sha256[:16]}.png")
    assert asked == [f"{SITE}/static/a.png"]


async def test_redirects_are_followed_and_not_for_ever(tmp_path: Path) -> None:
    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/end":
            return httpx.Response(200, content=png())
        return httpx.Response(302, headers={"location": "/end" if request.url.path == "/begin" else "/again"})

    assert (await source(reply, tmp_path).get(f"{SITE}/begin", [SITE])).width == 8
    with pytest.raises(NoPicture, match="redirected more than 5 times"):
        await source(reply, tmp_path).get(f"{SITE}/again", [SITE])


async def test_a_redirect_to_a_malformed_address_gives_no_picture(tmp_path: Path) -> None:
    def reply(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": "//[x?key"})

    with pytest.raises(NoPicture, match=r"127\.0\.0\.1:7/begin: no address of a picture"):
        await source(reply, tmp_path).get(f"{SITE}/begin", [SITE])


@pytest.mark.parametrize(
    "address",
    [
        "http://[::1",
        "http://me:pw@[x/a?key=pw",
        "http://.../a",
        f"http://{'a' * 64}/",
        "http://a\u2100b/",
        "http://\ud800/",
    ],
)
async def test_an_address_that_a_page_has_malformed_gives_no_picture(address: str, tmp_path: Path) -> None:
    with pytest.raises(NoPicture, match="no address of a picture") as told:
        await PictureSource(cache_dir=tmp_path).get(address, [SITE])
    assert "pw" not in str(told.value)


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (httpx.Response(404), NoPicture, "answered 404"),
        (httpx.Response(503), PictureMissing, "answered 503"),
        (httpx.Response(200, content=b"<svg></svg>"), NoPicture, "no picture; expected one of PNG"),
        (httpx.Response(200, content=png(size=(50, 50))[:-30]), NoPicture, "a broken picture"),
        (httpx.Response(200, content=bytes(pictures.MAX_BYTES + 1)), NoPicture, "larger than 20 MiB"),
    ],
)
async def test_what_is_no_picture_is_not_taken(
    reply: httpx.Response, error: type[PictureMissing], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message) as raised:
        await source(lambda request: reply, tmp_path).get(f"{SITE}/a.png?key=secret", [SITE])
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/a.png", "http://localhost:9/a.png", "http://[::1]:9/a.png"])
async def test_addresses_of_this_machine_are_asked_only_where_a_site_is(url: str, tmp_path: Path) -> None:
    with pytest.raises(NoPicture, match="no public address"):
        await PictureSource(cache_dir=tmp_path).get(url, ["http://127.0.0.1:7"])
    with pytest.raises(PictureMissing, match="cannot be downloaded"):
        await PictureSource(cache_dir=tmp_path).get(url, ["http://127.0.0.1:9"])


async def test_a_name_that_leads_elsewhere_when_it_is_looked_up_again_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, looked_up = asyncio.get_running_loop(), []
    ask = loop.getaddrinfo

    async def look_up(host: str, port: int, **more: Any) -> Any:
        looked_up.append(host)
        return await ask("8.8.8.8" if len(looked_up) == 1 else "127.0.0.1", port, **more)

    monkeypatch.setattr(loop, "getaddrinfo", look_up)
    with serve() as site:
        url = site.route("/a.png", lambda: Served(png(), content_type="image/png"))
        with pytest.raises(NoPicture, match=r"pictures\.example is at 127\.0\.0\.1, which is no public address"):
            await PictureSource(cache_dir=tmp_path).get(url.replace("127.0.0.1", "pictures.example"), [])
    assert len(looked_up) == 2


async def test_paths_lead_to_pictures_below_the_folders_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    fetched = tmp_path / "cache" / "tasksets" / "visualwebarena" / "coco_images"
    fetched.mkdir(parents=True)
    (fetched / "a.png").write_bytes(png())
    (tmp_path / "outside.png").write_bytes(png())
    found = PictureSource(cache_dir=tmp_path / "cache")
    assert (await found.get("coco_images/a.png", [], task_set="visualwebarena")).height == 4
    for path in ("../outside.png", str(tmp_path / "outside.png"), "coco_images/a.png"):
        with pytest.raises(NoPicture, match="no such picture"):
            await found.get(path, [])


async def test_a_picture_may_stand_in_the_address(tmp_path: Path) -> None:
    address = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    assert (await PictureSource().get(address, [])).data == png()
    with pytest.raises(NoPicture, match="no base64"):
        await PictureSource().get("data:image/png;base64,=", [])


def test_a_picture_with_too_many_pixels_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 31)
    with pytest.raises(NoPicture, match="8 x 4 pixels; expected at most 31"):
        read_picture(png(), "here")


def test_a_file_that_goes_on_after_the_picture_is_one() -> None:
    assert read_picture(png() + b"more", "here").suffix == "png"
