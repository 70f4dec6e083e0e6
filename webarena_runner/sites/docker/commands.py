"""Calls of the engine's program, made from values alone; `docker` and `podman` take all of them."""

from collections.abc import Mapping
from pathlib import Path

from webarena_runner.official.images import SiteImage, Volume
from webarena_runner.sites.docker.placing import Place
from webarena_runner.sites.docker.steps import Command

LABEL = "org.webarena-runner"
LOG_LINES = 200
Mounts = Mapping[str, str]


def labels_of(place: Place) -> dict[str, str]:
    """What our containers are found and recognised by."""
    return {
        LABEL: "site",
        f"{LABEL}.site": place.site,
        f"{LABEL}.replica": str(place.replica),
        f"{LABEL}.family": place.image.family,
        f"{LABEL}.image": place.image.image,
        f"{LABEL}.url": place.root,
        f"{LABEL}.ports": " ".join(f"{place.bind}:{port}" for port in place.ports),
    }


def run(place: Place, mounts: Mounts) -> Command:
    """Starts the container; `mounts` has what is mounted at each path inside: a volume's name, or a folder."""
    image = place.image
    flags = ["--name", place.name, "--restart", "unless-stopped"]
    for name, value in labels_of(place).items():
        flags += ["--label", f"{name}={value}"]
    inner = (image.web_port,) if image.control_port is None else (image.web_port, image.control_port)
    for outside, inside in zip(place.ports, inner, strict=True):
        flags += ["--publish", f"{_address(place.bind)}:{outside}:{inside}"]
    for path, source in mounts.items():
        read_only = ":ro" if image.data_file and path == image.data_file.mounted_at else ""
        flags += ["--volume", f"{source}:{path}{read_only}"]
    if image.shared_memory:
        flags += ["--shm-size", image.shared_memory]
    if image.platform:
        flags += ["--platform", image.platform]
    if image.url_variable:
        flags += ["--env", f"{image.url_variable}={place.root}/"]
    arguments = ("run", "--detach", *flags, image.image, *image.arguments)
    return Command(arguments, f"start {place.name}", limit_s=600)


def _address(bind: str) -> str:
    return f"[{bind}]" if ":" in bind else bind


def execute(
    name: str,
    *words: str,
    what: str,
    stdin: str = "",
    environ: Mapping[str, str] | None = None,
    folder: str = "",
    limit_s: float = 600,
) -> Command:
    """Runs a program in a container; the values of `environ` are not on its command line."""
    environ = environ or {}
    flags = [*(["--interactive"] if stdin else []), *(["--workdir", folder] if folder else [])]
    for variable in environ:
        flags += ["--env", variable]
    return Command(("exec", *flags, name, *words), what, stdin=stdin, environ=environ, limit_s=limit_s)


def names() -> Command:
    """Of all containers, running or not, one a line."""
    return Command(("ps", "--all", "--format", "{{.Names}}"), "list the containers")


def our_names() -> Command:
    flags = ("--all", "--filter", f"label={LABEL}=site", "--format", "{{.Names}}")
    return Command(("ps", *flags), "list the containers of this runner")


def inspect(*container_names: str) -> Command:
    return Command(("container", "inspect", *container_names), f"look at {', '.join(container_names)}")


def remove(name: str) -> Command:
    """Stops it too, and removes the volumes that have no name."""
    return Command(("rm", "--force", "--volumes", name), f"remove {name}")


def start(name: str) -> Command:
    return Command(("start", name), f"start {name}")


def logs(name: str, *, tail: int = LOG_LINES, follow: bool = False) -> Command:
    flags = ("--tail", str(tail), *(("--follow",) if follow else ()))
    return Command(("logs", *flags, name), f"read the log of {name}", limit_s=None if follow else 60)


def has_image(image: SiteImage) -> Command:
    return Command(("image", "inspect", "--format", "{{.Id}}", image.image), f"look for the image {image.image}")


def storage(engine_name: str) -> Command:
    """Where the engine keeps its images."""
    key = "{{.Store.GraphRoot}}" if engine_name == "podman" else "{{.DockerRootDir}}"
    return Command(("info", "--format", key), "see where images are kept")


def pull(image: SiteImage) -> Command:
    flags = ("--platform", image.platform) if image.platform else ()
    return Command(("pull", *flags, image.image), f"pull {image.image}", limit_s=None)


def load(image: SiteImage, archive: Path) -> Command:
    return Command(("load", "--input", str(archive)), f"load {image.image} from {archive}", limit_s=None)


def volumes() -> Command:
    return Command(("volume", "ls", "--quiet"), "list the volumes")


def make_volume(name: str) -> Command:
    return Command(("volume", "create", "--label", f"{LABEL}=data", name), f"make the volume {name}")


def our_volumes() -> Command:
    return Command(("volume", "ls", "--quiet", "--filter", f"label={LABEL}=data"), "list the volumes of this runner")


def remove_volume(name: str) -> Command:
    return Command(("volume", "rm", name), f"remove the volume {name}")


def look_inside(image: SiteImage, mounts: Mounts, script: str, what: str) -> Command:
    """Runs a shell script in a container of its own that is gone afterwards, with what is mounted read-only."""
    flags = ["--rm", "--network", "none", "--entrypoint", "sh"]
    for path, source in mounts.items():
        flags += ["--volume", f"{source}:{path}:ro"]
    if image.platform:
        flags += ["--platform", image.platform]
    return Command(("run", *flags, image.image, "-c", script), what, limit_s=300)


def fill_volume(image: SiteImage, volume: Volume, archive: Path) -> Command:
    """Unpacks a folder of an archive into a volume; the archive is read here, so that the engine may be elsewhere."""
    strip = str(len(volume.member.split("/")))
    unpack = ("-x", "-f", "-", "-C", "/to", "--strip-components", strip, volume.member)
    flags = ("--rm", "--interactive", "--network", "none", "--entrypoint", "tar", "--volume", f"{volume.name}:/to")
    platform = ("--platform", image.platform) if image.platform else ()
    arguments = ("run", *flags, *platform, image.image, *unpack)
    return Command(arguments, f"fill {volume.name} from {archive.name}", stdin_file=archive, limit_s=None)
