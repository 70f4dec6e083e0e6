"""`wa-run observe`: a page as a model would see it, without any task."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webarena_runner.cli import options as given
from webarena_runner.errors import ConfigError, ScriptError, UsageError

if TYPE_CHECKING:
    from webarena_runner.running.observing import ObservedStep, Visit
    from webarena_runner.settings.records import RunSettings

STDIN = "-"
NOTES = """\
[bold]Waiting[/bold] is as in an episode: for the page to load, then until it is
quiet; the same after --before and after each action.

[bold]--actions FILE[/bold] has one action a line, as a model writes it, for example:
  click [12]
  type [7] \\[blue shoes] [1]
Empty lines are left out. The page is printed as it was opened and after each
action. The browser chooses the ids anew in each run; with --ids stable they
stay the same, so that a file of actions can be played again.

[bold]--json[/bold] prints one object a page: url, tabs, text, nodes (id, line, and box
in CSS pixels), action, action_error, timings_ms, and deviations (where
official would have crashed or differed).

[bold]Exit code[/bold]: 0 printed, also when an action did nothing (stderr says so);
1 the page does not answer or cannot be read; 2 bad usage."""


def observe(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="The page: http://, https://, data: or about:blank.")],
    mode: Annotated[
        str | None,
        given.Sets("observation.mode"),
        typer.Option("--mode", metavar="accessibility_tree|html|som", help="Which text. [dim]Default: profile's[/dim]"),
    ] = None,
    viewport_only: Annotated[
        bool | None,
        given.Sets("observation.viewport_only"),
        typer.Option("--viewport-only/--full", help="What is in view, or all. [dim]Default: profile's[/dim]"),
    ] = None,
    ax_properties: Annotated[
        str | None,
        given.Sets("observation.ax_properties"),
        typer.Option(
            "--ax-properties",
            metavar="published|browser",
            help="Properties that published runs show, or all that this Chromium prints. [dim]Default: profile's[/dim]",
        ),
    ] = None,
    ids: Annotated[
        str | None,
        given.Sets("observation.ids"),
        typer.Option("--ids", metavar="browser|stable", help="Whose element ids. [dim]Default: profile's[/dim]"),
    ] = None,
    before: Annotated[
        str,
        typer.Option("--before", metavar="SCRIPT", help="JavaScript to run in the page first (@FILE: from a file)."),
    ] = "",
    actions: Annotated[
        str | None, typer.Option("--actions", metavar="FILE", help="Actions to execute, one a line; - for stdin.")
    ] = None,
    auth: Annotated[
        Path | None,
        typer.Option("--auth", metavar="FILE", help="Storage state to start from (cookies, as Playwright saves them)."),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="URL", help="A further address that the page may reach. Repeatable."),
    ] = None,
    screenshot: Annotated[
        Path | None, typer.Option("--screenshot", metavar="FILE", help="Also save a PNG of the last page.")
    ] = None,
    profile: Annotated[
        str, typer.Option("--profile", metavar="NAME|FILE", help="Whose settings: webarena, libwebarena, strict.")
    ] = "webarena",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each page, nodes included.")] = False,
) -> None:
    """Print a page as a model would see it, and what actions do to it."""
    import asyncio

    from webarena_runner.running.observing import Visit
    from webarena_runner.settings.conflicts import refuse_idle
    from webarena_runner.settings.loading import CliOptions, explicit_settings, load_settings

    options = CliOptions(profile=profile, given=given.settings_given(context))
    settings = load_settings(options)
    refuse_idle(explicit_settings(options), settings, has_model=True)
    visit = Visit(
        url=_address(url, "URL"),
        more_urls=[_address(each, "--allow") for each in allow or ()],
        storage_state=_storage_state(auth),
        before=_text_of(before[1:], "--before") if before.startswith("@") else before,
        actions=[line for line in _text_of(actions, "--actions").splitlines() if line.strip()] if actions else (),
    )
    asyncio.run(_show(visit, settings, as_json=as_json, screenshot=screenshot))


async def _show(visit: "Visit", settings: "RunSettings", *, as_json: bool, screenshot: Path | None) -> None:
    from contextlib import aclosing

    from webarena_runner.cli.console import echo
    from webarena_runner.running.observing import observe

    picture: bytes | None = None
    try:
        async with aclosing(observe(visit, settings)) as observed:
            async for step in observed:
                picture = step.observation.screenshot
                echo(_as_json(step) if as_json else _as_text(step))
                if step.observation.action_error:
                    echo(f"{step.text or 'opening the page'}: {step.observation.action_error}", err=True)
    except ScriptError as error:
        raise UsageError(f"--before: the script threw in the page: {error}") from error
    if screenshot is not None:
        _save(screenshot, picture)


def _as_text(step: "ObservedStep") -> str:
    return (f"\n--- {step.text}\n\n" if step.action else "") + step.observation.text


def _as_json(step: "ObservedStep") -> str:
    import json

    seen = step.observation
    record: dict[str, Any] = {
        "url": seen.url,
        "tabs": seen.tabs,
        "text": seen.text,
        "nodes": [{"id": node_id, **node.model_dump(mode="json")} for node_id, node in seen.nodes.items()],
        "action": step.action.model_dump(mode="json") if step.action else None,
        "action_error": seen.action_error,
        "timings_ms": {part: round(spent, 1) for part, spent in seen.timings_ms.items()},
        "deviations": seen.deviations,
    }
    return json.dumps(record, ensure_ascii=False)


def _address(text: str, origin: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        known = parts.scheme in ("data", "about") or (parts.scheme in ("http", "https") and bool(parts.hostname))
    except ValueError:
        known = False
    if not known:
        raise ConfigError(
            f"{origin}: '{text}' is no address of a page; expected for example http://localhost:7770/cart"
        )
    return text


def _text_of(name: str, option: str) -> str:
    try:
        return sys.stdin.read() if name == STDIN else Path(name).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{option} {name}: cannot be read as UTF-8 text: {error}") from error


def _storage_state(path: Path | None) -> dict[str, Any] | None:
    import json

    if path is None:
        return None
    try:
        state = json.loads(_text_of(str(path), "--auth"))
    except ValueError as error:
        raise UsageError(f"--auth {path}: is no JSON: {error}") from error
    if not isinstance(state, dict) or not all(isinstance(state.get(key, []), list) for key in ("cookies", "origins")):
        raise UsageError(f"--auth {path}: is no storage state; expected an object with the lists cookies and origins")
    return state


def _save(path: Path, picture: bytes | None) -> None:
    if picture is None:
        typer.echo(f"no screenshot could be taken for {path}", err=True)
        return
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise UsageError(f"--screenshot {path}: cannot be written: {error.strerror or error}") from error
