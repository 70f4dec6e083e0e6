"""`wa-run sites up | down | logs`: the sites in containers of the published images."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from webarena_runner.sites.docker.engine import Engine
    from webarena_runner.sites.docker.options import DockerOptions

SitesFile = Annotated[
    str,
    typer.Option(
        "--sites",
        metavar="NAME|FILE",
        help="Sites file of the provider [b]docker[/b], or its name in configs/sites; the options below win.",
    ),
]
Only = Annotated[
    str | None,
    typer.Option(
        "--only", metavar="NAMES", help="Sites, with commas between. [dim]Default: all with a published image[/dim]"
    ),
]
Family = Annotated[
    str | None,
    typer.Option(
        "--family",
        metavar="NAME",
        help="Whose images: official, or webarena-verified, which are smaller, and differ in places. "
        "[dim]Default: official[/dim]",
    ),
]
Replicas = Annotated[
    int | None, typer.Option("--replicas", metavar="N", min=1, help="Copies of each site. [dim]Default: 1[/dim]")
]
PortBase = Annotated[
    int | None,
    typer.Option(
        "--port-base",
        metavar="PORT",
        min=1,
        max=65000,
        help="First port; each site has two. [dim]Default: the published ports[/dim]",
    ),
]
Host = Annotated[
    str | None,
    typer.Option("--host", metavar="NAME", help="Host in the URLs. [dim]Default: localhost, or DOCKER_HOST's[/dim]"),
]
Bind = Annotated[
    str | None,
    typer.Option(
        "--bind", metavar="ADDRESS", help="Address that the ports are opened on. [dim]Default: 127.0.0.1[/dim]"
    ),
]
EngineName = Annotated[
    str | None,
    typer.Option("--engine", metavar="docker|podman", help="The engine. [dim]Default: the first one on PATH[/dim]"),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="FOLDER",
        help="Folder of image archives, and of encyclopedia and map data. [dim]Default: one in your home folder[/dim]",
    ),
]
Download = Annotated[
    bool, typer.Option("--download", help="Get archives and data that are missing: hundreds of GB; it can go on later.")
]
PrintCommands = Annotated[
    bool, typer.Option("--print-commands", help="Print every command, for a shell, and run none of them.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def up(
    sites: SitesFile = "docker",
    only: Only = None,
    family: Family = None,
    replicas: Replicas = None,
    port_base: PortBase = None,
    host: Host = None,
    bind: Bind = None,
    engine: EngineName = None,
    data: Data = None,
    download: Download = False,
    print_commands: PrintCommands = False,
) -> None:
    """Start the sites in containers, tell them their addresses, wait until their pages are whole; print their URLs.

    What is up already is kept. Exit code: 0 all are up, 1 some did not come up, 2 bad usage, or something is not there.
    """
    import asyncio

    from webarena_runner.cli.console import echo, stderr
    from webarena_runner.cli.lifting import exports_of, lifted
    from webarena_runner.sites.docker.engine import remote_host
    from webarena_runner.sites.docker.options import LOOPBACK, places_of
    from webarena_runner.sites.docker.printing import up_lines

    given = {
        "only": _names(only),
        "family": family,
        "replicas": replicas,
        "port_base": port_base,
        "host": host,
        "bind": bind,
        "engine": engine,
        "data": None if data is None else str(data),
        "download": download or None,
    }
    options = _options(sites, given)
    if print_commands:
        places = places_of(options, remote_host=remote_host(os.environ))
        echo("\n".join(up_lines(places, options, options.engine or "docker")))
        return
    if options.bind != LOOPBACK:
        stderr().print(
            f"--bind {options.bind}: others on the network can reach the sites, whose passwords are published",
            style="yellow",
            markup=False,
        )
    places = asyncio.run(lifted(_engine(options), options, stderr()))
    echo("\n".join(exports_of(places, options)))


def down(
    only: Only = None,
    volumes: Annotated[
        bool, typer.Option("--volumes", help="Also the map's data volumes that were filled by `sites up --download`.")
    ] = False,
    engine: EngineName = None,
    print_commands: PrintCommands = False,
    yes: Yes = False,
) -> None:
    """Stop and remove the containers that `sites up` has made, with all that was done in them; no others."""
    import asyncio

    from webarena_runner.cli.consent import require_consent
    from webarena_runner.cli.console import echo, stderr
    from webarena_runner.sites.docker.lower import find_down, take_down
    from webarena_runner.sites.docker.printing import down_lines

    options = _options("docker", {"only": _names(only), "engine": engine})
    found = _engine(options)
    wanted = asyncio.run(find_down(found, only=options.only, volumes=volumes))
    if print_commands:
        echo("\n".join(down_lines(wanted.containers, wanted.volumes, found.name)))
        return
    if not wanted:
        stderr().print("there is nothing to take down", markup=False)
        return
    listed = ", ".join((*wanted.containers, *wanted.volumes))
    require_consent(f"this removes {listed}: all that was done in them is lost", yes=yes)
    asyncio.run(take_down(found, wanted, lambda text: stderr().print(text, markup=False)))


def logs(
    name: Annotated[str, typer.Argument(metavar="SITE", help="A site, or a container such as wa-gitlab-2.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    tail: Annotated[int, typer.Option("--tail", metavar="N", min=1, help="The last N lines.")] = 200,
    engine: EngineName = None,
    print_commands: PrintCommands = False,
) -> None:
    """Show what a site's container has written."""
    import subprocess

    from webarena_runner.cli.console import echo
    from webarena_runner.official.sites import SITES
    from webarena_runner.sites.docker import commands

    options = _options("docker", {"engine": engine})
    command = commands.logs(f"wa-{name}-1" if name in SITES else name, tail=tail, follow=follow)
    if print_commands:
        echo(command.shown(options.engine or "docker"))
        return
    found = _engine(options)
    done = subprocess.run([found.program, *command.arguments], env=dict(found.environ), check=False)
    raise typer.Exit(1 if done.returncode else 0)


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _options(sites: str, given: dict[str, Any]) -> "DockerOptions":
    """Those of the sites file, with what the command line gives."""
    from webarena_runner.errors import ConfigError
    from webarena_runner.settings.loading import CliOptions, load_sites
    from webarena_runner.settings.options import plug_in_options
    from webarena_runner.sites.docker.options import DockerOptions

    spec = load_sites(CliOptions(sites=sites), os.environ)
    if spec.provider != "docker":
        raise ConfigError(
            f"--sites {sites}: its provider is {spec.provider}; expected a sites file with `provider: docker`, since "
            "only containers of the published images are started here"
        )
    chosen = {key: value for key, value in given.items() if value is not None}
    origins = {key: f"--{key.replace('_', '-')}" for key in chosen}
    return plug_in_options(DockerOptions, {**spec.options, **chosen}, {"": f"--sites {sites}", **origins})


def _engine(options: "DockerOptions") -> "Engine":
    from webarena_runner.sites.docker.engine import find_engine

    return find_engine(options.engine, os.environ)
