"""`wa-run profiles`: the profile files, and what each of their settings means."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from webarena_runner.settings.profiles import Profile

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
app = typer.Typer(no_args_is_help=True, help="Profiles: the settings that make numbers comparable.")


@app.command("list")
def list_profiles(as_json: AsJson = False) -> None:
    """All profiles by name, with how many settings differ from the official ones."""
    from rich.table import Table
    from rich.text import Text

    from webarena_runner.cli.console import echo_json, stdout
    from webarena_runner.errors import ConfigError
    from webarena_runner.settings import datafiles
    from webarena_runner.settings.profiles import OFFICIAL, load_profile

    official = settings_by_key(load_profile(OFFICIAL))
    found: list[dict[str, Any]] = []
    for name in datafiles.names("profiles"):
        try:
            profile = load_profile(name)
        except ConfigError as error:
            found.append({"profile": name, "error": str(error)})
            continue
        changed = [key for key, value in settings_by_key(profile).items() if value != official[key]]
        found.append({"profile": name, "not_as_official": changed, "description": profile.description})
    if as_json:
        echo_json(found, indent=1)
        return
    table = Table("profile", "not as official", "description", box=None, pad_edge=False)
    for each in found:
        if "error" in each:
            table.add_row(each["profile"], "?", Text(each["error"], style="red"))
        else:
            changed = each["not_as_official"]
            table.add_row(each["profile"], f"{len(changed)}" if changed else "-", Text(each["description"]))
    stdout().print(table, markup=False)


@app.command("show")
def show_profile(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Profile.")] = "webarena",
    as_json: AsJson = False,
) -> None:
    """Every setting of a profile: its value, the official one where that differs, and what it is about."""
    from rich.table import Table
    from rich.text import Text

    from webarena_runner.cli.console import echo_json, stdout
    from webarena_runner.settings.draft import fields
    from webarena_runner.settings.profiles import OFFICIAL, load_profile
    from webarena_runner.settings.records import RunSettings

    known = fields(RunSettings)
    profile, official = load_profile(name), settings_by_key(load_profile(OFFICIAL))
    if as_json:
        told = {key: {"value": value, "official": official[key]} for key, value in settings_by_key(profile).items()}
        echo_json({"path": str(profile.path), "description": profile.description, "settings": told}, indent=1)
        return
    console = stdout()
    console.print(f"# {profile.path}", markup=False, soft_wrap=True)
    if profile.description:
        console.print(f"# {profile.description}", markup=False)
    table = Table("setting", "value", "official", "what it is", box=None, pad_edge=False)
    for key, value in settings_by_key(profile).items():
        differs = value != official[key]
        shown = Text(as_yaml(value), style="yellow" if differs else "")
        table.add_row(key, shown, as_yaml(official[key]) if differs else "", Text(_first_line(known[key].description)))
    console.print(table, markup=False)


def settings_by_key(profile: "Profile") -> dict[str, Any]:
    """What a profile decides, by the keys that `-o` takes."""
    from webarena_runner.settings.draft import leaves
    from webarena_runner.settings.profiles import FROM_ELSEWHERE

    settings = profile.settings.model_dump(mode="json", exclude=set(FROM_ELSEWHERE))
    return {".".join(keys): value for keys, value in leaves(settings)}


def _first_line(description: str | None) -> str:
    return (description or "").partition("\n")[0]


def as_yaml(value: Any) -> str:
    """As YAML writes it, and as `-o` takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)
