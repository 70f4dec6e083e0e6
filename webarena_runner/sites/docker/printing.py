"""The whole of `sites up` as lines for a shell, in the order in which they are run; nothing is asked or run for it."""

import shlex
from collections.abc import Iterator, Sequence

from webarena_runner.sites.docker import commands
from webarena_runner.sites.docker.data import data_commands, downloads_of, mounts_of
from webarena_runner.sites.docker.options import DockerOptions
from webarena_runner.sites.docker.placing import Place
from webarena_runner.sites.docker.setup import mark_of, setup_of, still_limited
from webarena_runner.sites.docker.steps import Gate


def up_lines(places: Sequence[Place], options: DockerOptions, program: str) -> Iterator[str]:
    """As if nothing were there yet."""
    for image in {place.image.image: place.image for place in places}.values():
        yield f"# {image.site}: image and data"
        downloads = downloads_of(image, options)
        for folder in dict.fromkeys(path.parent for path in downloads.values()):
            yield shlex.join(["mkdir", "-p", str(folder)])
        for url, path in downloads.items():
            yield shlex.join(["curl", "--location", "--fail", "--continue-at", "-", "--output", str(path), url])
        loaded = commands.load(image, options.folder / image.archive_name) if image.archive else commands.pull(image)
        yield loaded.shown(program)
        for command in data_commands(image, options):
            yield command.shown(program)
    for place in places:
        yield from _place_lines(place, options, program)


def _place_lines(place: Place, options: DockerOptions, program: str) -> Iterator[str]:
    image = place.image
    limit_s = options.limits_s.get(place.site, image.boot_limit_s)
    yield f"# {place.name}: {place.url}"
    yield commands.run(place, mounts_of(image, options)).shown(program)
    yield Gate(place.root, limit_s).shown(program)
    for step in setup_of(place):
        yield step.shown(program)
    if image.setup == "postmill":
        yield f"! {still_limited(place).shown(program)}"
    if image.setup != "none":
        yield mark_of(place).shown(program)
    yield Gate(place.url, limit_s + image.whole_limit_s, whole=True).shown(program)


def down_lines(names: Sequence[str], volumes: Sequence[str], program: str) -> Iterator[str]:
    for name in names:
        yield commands.remove(name).shown(program)
    for volume in volumes:
        yield commands.remove_volume(volume).shown(program)
