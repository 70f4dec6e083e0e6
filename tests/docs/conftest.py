"""The command line, called as its own tests do."""

from tests.cli.conftest import invoke, workdir

__all__ = ["invoke", "workdir"]
