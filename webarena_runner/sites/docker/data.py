"""Images, and the data that containers need beside them: whether they are there, and getting them."""

import asyncio
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from webarena_runner.errors import ConfigError
from webarena_runner.official.images import SiteImage, Volume
from webarena_runner.sites.docker import commands
from webarena_runner.sites.docker.download import GB, download
from webarena_runner.sites.docker.engine import Engine
from webarena_runner.sites.docker.options import DockerOptions
from webarena_runner.sites.docker.steps import Command
from webarena_runner.sites.watch import Watch

_LOAD_HINT = "get it from there, or let it be got with download: true (--download)"


def mounts_of(image: SiteImage, options: DockerOptions) -> dict[str, str]:
    """What is mounted at each path."""
    found = {volume.path: volume.name for volume in image.volumes}
    if image.data_file:
        found[image.data_file.mounted_at] = str(options.folder.absolute() / image.site)
    return found


async def require_images(engine: Engine, images: Iterable[SiteImage], options: DockerOptions, watch: Watch) -> None:
    """Pulls or loads what is missing.

    Raises:
        ConfigError: an archive is not there and is not to be downloaded, or the engine cannot use it.
    """
    missing = [
        image
        for image in {image.image: image for image in images}.values()
        if not await engine.says_yes(commands.has_image(image))
    ]
    await _warn_of_space(engine, missing, watch)
    for image in missing:
        if not image.archive:
            watch.say(image.site, f"pulling {image.image}")
            await engine.do(commands.pull(image))
            continue
        archive = options.folder / image.archive_name
        if not archive.is_file():
            _require_wanted(image.archive, archive, f"the image {image.image}", options)
            await _get(image.archive, archive, image.site, watch)
        watch.say(image.site, f"loading {image.image}")
        await engine.do(commands.load(image, archive))


async def _warn_of_space(engine: Engine, missing: Sequence[SiteImage], watch: Watch) -> None:
    """Where the engine keeps images can only be looked at on this machine; layers that images share count once."""
    if not missing or engine.remote_host:
        return
    done = await engine.ask(commands.storage(engine.name))
    folder, needed_gb = done.out.strip(), sum(image.image_gb for image in missing)
    free_gb = await asyncio.to_thread(_free_gb, folder)
    if not done.code and free_gb is not None and needed_gb > free_gb:
        watch.warn(
            f"{', '.join(image.image for image in missing)}: about {needed_gb:.0f} GB, and {folder} has {free_gb:.0f} "
            "GB free; the family webarena-verified is smaller"
        )


def _free_gb(folder: str) -> float | None:
    """None: it cannot be looked at from here."""
    try:
        return shutil.disk_usage(folder).free / GB
    except OSError:
        return None


async def require_data(engine: Engine, images: Iterable[SiteImage], options: DockerOptions, watch: Watch) -> None:
    """Sees that files and volumes are there, in the container's own eyes, and gets them where that is wanted."""
    for image in {image.image: image for image in images}.values():
        if image.data_file:
            await _require_file(engine, image, options, watch)
        if image.volumes:
            await _make_volumes(engine, image)
        empty = await empty_volumes(engine, image)
        if empty:
            await _fill(engine, image, empty, options, watch)


async def _make_volumes(engine: Engine, image: SiteImage) -> None:
    """With our label, so that they are found again; Podman refuses to make one that is there."""
    there = set((await engine.do(commands.volumes())).split())
    for volume in image.volumes:
        if volume.name not in there:
            await engine.do(commands.make_volume(volume.name))


async def empty_volumes(engine: Engine, image: SiteImage) -> tuple[Volume, ...]:
    """Those that are filled from archives, and have nothing in them."""
    filled = [volume for volume in image.volumes if volume.archive]
    if not filled:
        return ()
    mounts = {f"/look/{index}": volume.name for index, volume in enumerate(filled)}
    script = 'for each in /look/*; do [ -n "$(ls -A "$each")" ] && echo "$each"; done; true'
    looked = commands.look_inside(image, mounts, script, f"look into the volumes of {image.site}")
    full = {mounts[line] for line in (await engine.do(looked)).split()}
    return tuple(volume for volume in filled if volume.name not in full)


def data_commands(image: SiteImage, options: DockerOptions) -> list[Command]:
    """What makes and fills the volumes, once the archives are in the data folder."""
    filled = [volume for volume in image.volumes if volume.archive]
    made = [commands.make_volume(volume.name) for volume in image.volumes]
    return [*made, *(commands.fill_volume(image, volume, _archive_of(volume, options)) for volume in filled)]


def downloads_of(image: SiteImage, options: DockerOptions) -> dict[str, Path]:
    """Where each published file goes, by URL."""
    found = {image.archive: options.folder / image.archive_name} if image.archive else {}
    if image.data_file:
        found[image.data_file.url] = options.folder / image.site / image.data_file.name
    return found | {volume.archive: _archive_of(volume, options) for volume in image.volumes if volume.archive}


async def _require_file(engine: Engine, image: SiteImage, options: DockerOptions, watch: Watch) -> None:
    data = image.data_file
    assert data is not None
    mounts = mounts_of(image, options)
    path = options.folder / image.site / data.name
    if not engine.remote_host:
        if not path.is_file():
            _require_wanted(data.url, path, f"the data of {image.site}", options)
            await _get(data.url, path, image.site, watch)
        if not path.stat().st_size:
            raise ConfigError(f"{path}: the file is empty; remove it and get it again from {data.url}")
        return
    inside = f"{data.mounted_at}/{data.name}"
    looked = commands.look_inside(image, mounts, f"test -s {inside}", f"look for the data of {image.site}")
    if not await engine.says_yes(looked):
        raise ConfigError(
            f"{path} is not there on {engine.remote_host}: {image.site} needs about {image.data_gb:g} GB from "
            f"{data.url}; put it there (curl --location --continue-at - --output {path} {data.url}), name another "
            "folder of that machine with data (--data), or leave the site out with only (--only)"
        )


async def _fill(
    engine: Engine, image: SiteImage, empty: Sequence[Volume], options: DockerOptions, watch: Watch
) -> None:
    for url in dict.fromkeys(volume.archive for volume in empty):
        archive = options.folder / url.rpartition("/")[2]
        if not archive.is_file():
            names = ", ".join(volume.name for volume in empty if volume.archive == url)
            _require_wanted(url, archive, f"the data of {image.site} (volumes {names})", options)
            await _get(url, archive, image.site, watch)
    for volume in empty:
        watch.say(image.site, f"filling {volume.name}")
        await engine.do(commands.fill_volume(image, volume, _archive_of(volume, options)))


def _archive_of(volume: Volume, options: DockerOptions) -> Path:
    return options.folder / volume.archive.rpartition("/")[2]


def _require_wanted(url: str, path: Path, what: str, options: DockerOptions) -> None:
    if not options.download:
        raise ConfigError(
            f"{what} is not there, and neither is {path}; it is published at {url}: {_LOAD_HINT}, name the folder that "
            "has it with data (--data), or leave the site out with only (--only)"
        )


async def _get(url: str, path: Path, site: str, watch: Watch) -> None:
    def progress(have: int, total: int | None) -> None:
        watch.say(site, f"{path.name}: {have / GB:.1f} of {total / GB:.1f} GB" if total else f"{have / GB:.1f} GB")

    fetched = await download(url, path, progress=progress)
    if not fetched.checked:
        watch.warn(f"{url}: no checksum is published beside it; the sha256 of what came is {fetched.sha256}")
