"""`wa-run sites`: serve the embedded ones, look at the configured ones."""

import os
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from webarena_runner.cli import containers
from webarena_runner.cli.site_options import CheckedSites, ResetSites, Yes

NOTES = (
    "[bold]Reset[/bold]\n"
    '  curl -X POST -H "Authorization: Bearer $WA_RESET_TOKEN" $WA_RESET_URL\n\n'
    "puts all sites back to their first state in milliseconds; nobody is logged in then. The token is made up, or "
    "what the environment variable WA_RESET_TOKEN holds. WA_FULL_RESET is the same for BrowserGym."
)
RESET_NOTES = (
    "[bold]Examples[/bold]\n"
    "  wa-run sites reset --sites lab --yes              all sites of all instances\n"
    "  wa-run sites reset gitlab --sites lab --instance 2\n"
)
app = typer.Typer(
    no_args_is_help=True,
    help="The web sites: serve the embedded ones, start the published images, check and reset the configured ones.",
)


@app.command(epilog=NOTES)
def serve(
    context: typer.Context,
    port_base: Annotated[
        int | None,
        typer.Option(
            "--port-base",
            metavar="PORT",
            min=1,
            max=65000,
            help="Port of the first site; the others and the reset take those after it. [dim]Default: free ports[/dim]",
        ),
    ] = None,
    sites: Annotated[
        str,
        typer.Option("--sites", metavar="NAMES", help="Names with commas between. [dim]Default: all embedded[/dim]"),
    ] = "",
    write_configs: Annotated[
        Path | None,
        typer.Option("--write-configs", metavar="FOLDER", help="Write the task files, with these sites' URLs in them."),
    ] = None,
    env_file: Annotated[
        Path | None,
        typer.Option(
            "--env-file",
            metavar="FILE",
            help="Write the export lines there too, once the sites answer; it is removed when they no longer do.",
        ),
    ] = None,
    task_set: Annotated[
        str, typer.Option("--task-set", metavar="NAME|FILE", help="Which tasks --write-configs writes.")
    ] = "mini",
) -> None:
    """Serve the embedded sites until Ctrl-C, for any WebArena-compatible harness, and print its `export` lines.

    They are one shared copy, filled with made-up data: not the official sites.
    """
    import asyncio

    from webarena_mini.catalog import MODULES
    from webarena_runner.cli.options import is_given
    from webarena_runner.cli.serve import Serving, serve_until_stopped
    from webarena_runner.errors import ConfigError

    if write_configs is None and is_given(context, "task_set"):
        raise ConfigError(f"--task-set {task_set}: only --write-configs FOLDER uses it; give that too, or leave it out")
    chosen = [name.strip() for name in sites.split(",") if name.strip()] or list(MODULES)
    unknown = [name for name in chosen if name not in MODULES]
    if unknown:
        raise ConfigError(f"--sites {sites}: unknown {', '.join(unknown)}; the embedded sites are {', '.join(MODULES)}")
    token = os.environ.get("WA_RESET_TOKEN") or secrets.token_urlsafe(24)
    serving = Serving(tuple(dict.fromkeys(chosen)), port_base, token, task_set, write_configs, env_file)
    asyncio.run(serve_until_stopped(serving))


@app.command()
def status(
    sites: CheckedSites = None,
    limit_s: Annotated[
        float, typer.Option("--limit", metavar="SECONDS", min=0.1, help="How long to wait for each site.")
    ] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array of the sites, for programs.")] = False,
) -> None:
    """Look at the start page and the log-in page of every configured site. Exit code 1 when one is not fine.

    It logs in to none: `wa-run doctor` does, and looks closer.
    """
    import asyncio

    from webarena_runner.cli.console import echo_json, stdout
    from webarena_runner.cli.examined import glances
    from webarena_runner.cli.findings import failed, print_findings
    from webarena_runner.errors import ConfigError
    from webarena_runner.official.sites import SITES
    from webarena_runner.settings.loading import CliOptions, load_sites

    spec = load_sites(CliOptions(sites=sites), os.environ)
    seen = asyncio.run(glances(spec, os.environ, limit_s=limit_s))
    if not seen:
        variables = ", ".join(site.upper() for site in SITES)
        given = f"--sites {sites} names none: write them there under `urls:`, or" if sites else "pass --sites FILE, or"
        raise ConfigError(f"no site has a URL; {given} set {variables} (or the WA_ forms)")
    if as_json:
        echo_json(
            [
                {**asdict(place), "ok": not failed(found), "checks": [asdict(each) for each in found]}
                for place, found in seen
            ]
        )
    else:
        print_findings([each for _, found in seen for each in found], stdout())
    raise typer.Exit(int(any(failed(found) for _, found in seen)))


@app.command(epilog=RESET_NOTES)
def reset(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SITE]...", help="Sites to reset. [dim]Default: all[/dim]")
    ] = None,
    sites: ResetSites = None,
    instance: Annotated[
        str | None, typer.Option("--instance", metavar="NAME", help="Of this instance. [dim]Default: of all[/dim]")
    ] = None,
    yes: Yes = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array of the resets, for programs.")] = False,
) -> None:
    """Put shared sites back to their first state, as the `reset:` of the sites file says, and wait until they answer.

    Exit code: 0 done, 1 one could not be reset, 2 bad usage or configuration.
    """
    from webarena_runner.cli.consent import require_consent
    from webarena_runner.cli.console import start_logging, stderr
    from webarena_runner.cli.site_resets import choose, reset_and_tell
    from webarena_runner.settings.loading import CliOptions, load_sites

    spec = load_sites(CliOptions(sites=sites), os.environ)
    chosen = choose(spec, os.environ, sites=names or (), instance=instance)
    listed = "; ".join(map(str, chosen))
    require_consent(f"this resets {listed}: all that was done to them is lost", yes=yes)
    start_logging(stderr(), verbose=context.obj["verbose"])
    raise typer.Exit(reset_and_tell(chosen, as_json=as_json))


app.command("up")(containers.up)
app.command("down")(containers.down)
app.command("logs")(containers.logs)
