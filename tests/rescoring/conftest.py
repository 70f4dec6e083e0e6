"""The command line, for tests of re-scoring."""

from tests.cli.conftest import invoke, workdir

__all__ = ["invoke", "workdir"]
