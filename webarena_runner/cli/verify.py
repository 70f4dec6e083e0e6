"""`wa-run verify`: a bundle checked, and every score computed again from its evidence."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webarena_runner.cli.runs import Out

if TYPE_CHECKING:
    from webarena_runner.export.bundle.verify import Verification

NOTES = """\
Needs no sites, no browser, no model and no keys. It unpacks the bundle to a
temporary folder; archives with links, devices, names that lead elsewhere or
absurd sizes are refused.

[bold]Exit code[/bold]: 0 all is as it was written and every score follows from its
evidence, 1 something is not, 2 bad usage."""

Bundle = Annotated[
    Path,
    typer.Argument(
        metavar="BUNDLE|RUN",
        help="A file of `wa-run export RUN --to bundle`, or a run folder, or run id under --out.",
    ),
]
Unpack = Annotated[
    Path | None,
    typer.Option(
        "--unpack",
        metavar="FOLDER",
        help="If all is well, leave the run folder below this one, for report and compare.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print what was found as one JSON object, for programs.")]


def verify(bundle: Bundle, out: Out = Path("results"), unpack: Unpack = None, as_json: AsJson = False) -> None:
    """Check a bundle or a run folder: structure and checksums, and every score recomputed from the evidence in it."""
    from webarena_runner.cli.console import echo_json, stderr, stdout
    from webarena_runner.export.bundle.checking import verify_bundle

    found, at = verify_bundle(_found(bundle.expanduser(), out), unpack and unpack.expanduser())
    if as_json:
        echo_json(found.as_json() | {"unpacked_to": at and str(at)})
    else:
        for fault in found.faults:
            stderr().print(fault, style="red", markup=False, soft_wrap=True)
        stdout().print(_said(found), markup=False, soft_wrap=True)
        if at:
            stdout().print(f"unpacked to {at}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if found.is_good else 1)


def _found(bundle: Path, out: Path) -> Path:
    from webarena_runner.log.paths import BUNDLE_SUFFIX, find_run

    return bundle if bundle.exists() or bundle.name.endswith(BUNDLE_SUFFIX) else find_run(str(bundle), out)


def _said(found: "Verification") -> str:
    sums = "as their checksums say" if found.with_sums else "and no checksums, as it is no bundle"
    if found.faults:
        return f"{found.run_id}: NOT good: {len(found.faults)} fault{'s' * (len(found.faults) > 1)}"
    return (
        f"{found.run_id}: good: {found.files} files {sums}; {found.same} scores recomputed, all as recorded "
        f"({found.passed} of {found.planned} planned passed, {found.unscored} without a score)"
    )
