"""The command line, for tests of what it makes of what others recorded."""

from tests.cli.conftest import invoke, workdir

__all__ = ["invoke", "workdir"]
