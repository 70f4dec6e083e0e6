"""With a real engine, where one answers: small images of a busybox under the published names, which nobody has here.

`docker` or `podman` on PATH must be able to run containers, and a static busybox must be on PATH (apt: busybox-static).
"""

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sites.docker.test_up import Told, page
from tests.support.engine.stand_in import free_base
from webarena_runner.official.images import IMAGES
from webarena_runner.sites.docker.commands import execute
from webarena_runner.sites.docker.engine import Engine, find_engine
from webarena_runner.sites.docker.lift import bring_up
from webarena_runner.sites.docker.lower import find_down, take_down
from webarena_runner.sites.docker.options import DockerOptions
from webarena_runner.sites.docker.provider import instances_of

pytestmark = pytest.mark.slow
APPLETS = ("sh", "sed", "grep", "cat", "tee", "ls", "tar", "rm", "touch", "test")
PAGE = {"shopping": '<form action="/catalogsearch/result/">', "reddit": '<a href="/f/books">books</a>'}
LIMITED = '<?php\n/**\n * @RateLimit(period="5 minutes", max=15)\n * @RateLimit(period="1 hour",\n *   max=3)\n */\n'
SCRIPTS = {
    # The shop has its page once it knows its address.
    "/var/www/magento2/bin/magento": 'case "$1" in *store-config*) echo "$2" > /told; cp /page /www/index.html;; esac',
    "/bin/mysql": '[ "$MYSQL_PWD" = MyPassword ] && cat > /sql',
    "/bin/php": 'echo "$@"',
}
SITES = ("shopping", "reddit")


@pytest.fixture
def engine() -> Iterator[Engine]:
    busybox = shutil.which("busybox")
    if not busybox or not _runs(shutil.which("docker")) and not _runs(shutil.which("podman")):
        pytest.skip("no engine answers here, or there is no busybox")
    found = find_engine("docker" if _runs(shutil.which("docker")) else "podman", os.environ)
    images = {site: IMAGES["official"][site].image for site in SITES}
    if any(_runs(found.program, "image", "inspect", image) for image in images.values()):
        pytest.skip("an image of this name is here, which is not to be touched")
    try:
        for site, image in images.items():
            entry = 'ENTRYPOINT ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www"]'
            archive = _archive(Path(busybox), site)
            subprocess.run([found.program, "import", "--change", entry, "-", image], input=archive, check=True)
        if not _runs(found.program, "run", "--rm", "--entrypoint", "/bin/sh", image, "-c", "true"):
            pytest.skip("the engine that answers here cannot run a container")
        yield found
    finally:
        for image in images.values():
            subprocess.run([found.program, "rmi", "--force", image], capture_output=True, check=False)


def _runs(program: str | None, *words: str) -> bool:
    words = words or ("info",)
    return bool(program) and not subprocess.run([str(program), *words], capture_output=True, check=False).returncode


def _archive(busybox: Path, site: str) -> bytes:
    content = io.BytesIO()
    files = {"/bin/busybox": busybox.read_bytes(), "/page": PAGE[site].encode()}
    files |= {path: f"#!/bin/sh\n{script}\n".encode() for path, script in SCRIPTS.items()}
    files |= {
        f"/var/www/html/src/DataObject/{each}Data.php": LIMITED.encode() for each in ("Comment", "Submission", "User")
    }
    files["/www/index.html"] = (PAGE[site] if site == "reddit" else "not yet").encode()
    files |= {"/tmp/.keep": b"", "/var/tmp/.keep": b""}
    with tarfile.open(fileobj=content, mode="w") as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(data), 0o755
            archive.addfile(entry, io.BytesIO(data))
        for applet in (*APPLETS, "cp", "echo"):
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
    return content.getvalue()


async def inside(engine: Engine, name: str, *words: str) -> str:
    return await engine.do(execute(name, *words, what="look inside"))


async def test_sites_come_up_are_kept_reset_and_taken_down(engine: Engine) -> None:
    options = DockerOptions.model_validate({"only": SITES, "port_base": free_base(), "replicas": 2})
    names = [f"wa-{site}-{replica}" for site in ("reddit", "shopping") for replica in (1, 2)]
    if await find_down(engine, only=(), volumes=False):
        pytest.skip("sites are up here, which are not to be touched")
    try:
        places = await bring_up(engine, options, watch=Told())
        assert [page(place.url) for place in places] == [200] * 4
        shop = next(place for place in places if place.name == "wa-shopping-2")
        assert f'"{shop.root}/"' in await inside(engine, shop.name, "cat", "/sql")
        limited = await inside(engine, "wa-reddit-1", "cat", "/var/www/html/src/DataObject/UserData.php")
        assert limited == "<?php\n/**\n */\n"

        await inside(engine, shop.name, "touch", "/dirt")
        await bring_up(engine, options, watch=Told())
        assert "dirt" in await inside(engine, shop.name, "ls", "/")
        resetter = instances_of(engine, options)[1].resetter
        assert resetter
        await resetter.reset(["shopping"])
        assert "dirt" not in await inside(engine, shop.name, "ls", "/")
        assert page(shop.url) == 200
    finally:
        wanted = await find_down(engine, only=(), volumes=False)
        assert list(wanted.containers) == names
        await take_down(engine, wanted, lambda text: None)
    assert not await find_down(engine, only=(), volumes=False)
