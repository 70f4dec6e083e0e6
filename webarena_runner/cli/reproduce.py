"""`wa-run reproduce`: the command that runs a run again, and what is not as it was."""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.cli.runs import Out, RunFolder

if TYPE_CHECKING:
    from webarena_runner.running.reproducing.command import Command
    from webarena_runner.types import RunManifest

NOTES = """\
What it prints is a shell script: comments, files that are not here as they
were (nothing that is there is written over), and the command. Its settings
have the checksum config_sha256 of the run's manifest, as `--dry-run --json`
shows.

Keys and passwords are in no run folder: their environment variables are
named. The same settings need not give the same replies: what a model server
does with them, and the sites, are not in a manifest.

[bold]Exit code[/bold]: 0 printed, 2 bad usage, such as no such run."""
_END = "END_OF_FILE"
AsJson = Annotated[bool, typer.Option("--json", help="Print command, files, variables and differences as JSON.")]


def reproduce(run: RunFolder, out: Out = Path("results"), as_json: AsJson = False) -> None:
    """Print the exact command that runs a run again, from its manifest, and what differs on this machine."""
    from webarena_runner.cli.console import echo, echo_json
    from webarena_runner.log.paths import find_run
    from webarena_runner.log.reading import read_manifest
    from webarena_runner.running.reproducing.command import command_of
    from webarena_runner.running.reproducing.differences import differences, files_kept, variables

    folder = find_run(run, out)
    manifest = read_manifest(folder)
    command = command_of(manifest, os.environ)
    files = {**command.files, **files_kept(folder, manifest)}
    found = list(differences(manifest))
    found += [f"{name}: is here with another content" for name, text in files.items() if _is_another(name, text)]
    needed = {name: bool(os.environ.get(name)) for name in variables(manifest)}
    if as_json:
        echo_json(
            {
                "command": list(command.words),
                "config_sha256": command.config_sha256,
                "same_as_manifest": command.config_sha256 == manifest.config_sha256,
                "files": files,
                "unset": list(command.unset),
                "variables": needed,
                "differences": found,
            }
        )
        return
    for line in _script(manifest, command, files, needed, found):
        echo(line)


def _script(
    manifest: "RunManifest",
    command: "Command",
    files: Mapping[str, str],
    needed: Mapping[str, bool],
    found: Sequence[str],
) -> list[str]:
    started = f"{manifest.started_at:%Y-%m-%d %H:%M} UTC"
    lines = [f"run {manifest.run_id} of {started}: {manifest.model} on {manifest.task_set}, profile {manifest.profile}"]
    lines += [f"needs {name}, which is {'set' if is_set else 'not set'} here" for name, is_set in needed.items()]
    lines += [f"differs: {line}" for line in found] or ["nothing that the manifest has is known to differ here"]
    if command.config_sha256 != manifest.config_sha256:
        lines.append("the manifest is of another version: its settings are these, with what is new at its default")
    script = [f"# {' '.join(line.split())}" for line in lines]
    for name, text in files.items():
        script += _here(name, text)
    unset = [word for name in command.unset for word in ("-u", name)]
    return [*script, shlex.join([*(["env", *unset] if unset else []), *command.words])]


def _here(name: str, text: str) -> list[str]:
    """A file that is written unless it is there."""
    end = _END
    while end in text:
        end += "_"
    path, folder = shlex.quote(name), shlex.quote(str(Path(name).parent))
    made = f"mkdir -p {folder} && " if folder != "." else ""
    if not text.endswith("\n"):
        return [f"[ -e {path} ] || {{ {made}printf %s {shlex.quote(text)} > {path}; }}"]
    return [f"[ -e {path} ] || {{ {made}cat > {path} <<'{end}'", text.removesuffix("\n"), end, "}"]


def _is_another(name: str, text: str) -> bool:
    try:
        return Path(name).read_text(encoding="utf-8") != text
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError):
        return True
