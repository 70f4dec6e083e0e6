"""The command line. Nothing heavy is imported before a command needs it: `wa-run --help` must be instant."""

import sys


def main() -> None:
    """Runs `wa-run`; bad input is one message on stderr and exit code 2."""
    from webarena_runner.cli.app import app
    from webarena_runner.errors import RunnerError, UsageError

    try:
        app(prog_name="wa-run")
    except RunnerError as error:
        from webarena_runner.cli.console import print_error

        print_error(error, verbose=bool({"-v", "--verbose"}.intersection(sys.argv[1:])))
        sys.exit(2 if isinstance(error, UsageError) else 1)
