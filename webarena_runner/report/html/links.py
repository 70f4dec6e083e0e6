"""Where each page of a report is, relative to its folder: on disk, on a server, and from a page beside it."""

from webarena_runner.log.paths import AttemptPaths

OVERVIEW = "index.html"
TASKS = "tasks"
PICTURES = "pictures"
STATIC = "static"
STYLE = "report.css"
SCRIPT = "report.js"
COMPARE_STYLE = "compare.css"


def episode_page(paths: AttemptPaths) -> str:
    """`tasks/7.0.html`; of an earlier attempt `tasks/7.0.1.html`."""
    return f"{TASKS}/{paths.folder.name}.html"


def picture(paths: AttemptPaths, name: str) -> str:
    """`pictures/7.0/step-000.jpeg`."""
    return f"{PICTURES}/{paths.folder.name}/{name}"


def run_folder(label: str) -> str:
    """`run-a`: where a comparison has the pictures of that run, of which the others have some of the same names."""
    return f"run-{label.lower()}"


def asset(name: str) -> str:
    return f"{STATIC}/{name}"
