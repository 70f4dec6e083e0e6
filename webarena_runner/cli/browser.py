"""`wa-run browser`: get a Chromium."""

import typer

app = typer.Typer(no_args_is_help=True, help="The browser that tasks run in.")


@app.callback()
def _group() -> None:
    """The browser that tasks run in."""


@app.command()
def install() -> None:
    """Find a Chrome or Chromium, or get one: Playwright's, else (as root on Debian or Ubuntu) the system's.

    A headless shell, which takes half the time of a browser that hides its window, is looked for in any case.
    """
    from webarena_runner.browser.find import install_browser
    from webarena_runner.cli.console import stderr, stdout

    console = stderr()
    found = install_browser(lambda text: console.print(text, markup=False))
    stdout().print(f"{found.path} ({found.version})", markup=False, soft_wrap=True)
