"""The command line. Nothing heavy is imported before a command needs it: `wa-run --help` must be instant."""

import errno
import gc
import os
import sys

INTERRUPTED = 130
# Of Python's collector of cycles: most of what a run makes stays or is freed without it, and looking for what it may
# free took a sixth of the runner's time at the thresholds by default. Costs some 6 MB.
COLLECT_AFTER = (50_000, 20, 100)


def main() -> None:
    """Runs `wa-run`; bad input is one message on stderr and exit code 2."""
    try:
        _main()
    except KeyboardInterrupt:
        # While modules are imported, or a command without anything to finish runs.
        sys.exit(INTERRUPTED)
    except OSError as error:
        # Of files that are written the errors are told where it happens, with their names.
        if error.errno not in (errno.ENOSPC, errno.EDQUOT) or error.filename is not None:
            raise
        # What is in the buffer still would be tried again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stderr.write(f"error: the output cannot be written: {error.strerror}\n")
        sys.exit(2)


def _main() -> None:
    gc.set_threshold(*COLLECT_AFTER)
    # httpx has a command line of its own, for which it would import click and pygments.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    from webarena_runner.cli.app import app
    from webarena_runner.cli.usage import CLICK_ERROR, usage_message
    from webarena_runner.errors import RunnerError, UsageError

    verbose = bool({"-v", "--verbose"}.intersection(sys.argv[1:]))
    try:
        sys.exit(app(prog_name="wa-run", standalone_mode=False))
    except RunnerError as error:
        from webarena_runner.cli.console import print_error

        print_error(error, verbose=verbose)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except RuntimeError as error:
        # What pathlib says of `~somebody`.
        if "home directory" not in str(error):
            raise
        from webarena_runner.cli.console import print_error

        word = next((word for word in sys.argv[1:] if "~" in word), "~")
        print_error(UsageError(f"{word}: ~ stands for no folder that is known here; write it out"), verbose=verbose)
        sys.exit(2)
    except ModuleNotFoundError as error:
        # Such as one that this version has come to need; an extra that is missing is told where it is used.
        if (error.name or "webarena_").startswith("webarena_"):
            raise
        from webarena_runner.cli.console import print_error

        todo = "install the runner again (in a checkout: make setup), or what a plug-in of yours needs"
        print_error(UsageError(f"the Python package '{error.name}' is not installed: {todo}"), verbose=verbose)
        sys.exit(2)
    except CLICK_ERROR as error:
        from webarena_runner.cli.console import print_error

        if message := usage_message(error, sys.argv[1:]):
            print_error(UsageError(message), verbose=False)
        sys.exit(error.exit_code)
