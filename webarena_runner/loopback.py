"""HTTP servers for programs on this machine, which end with Ctrl-C."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from webarena_runner.errors import UsageError
from webarena_runner.stopping import on_stop_signal

HOST = "127.0.0.1"


class LoopbackServer(uvicorn.Server):
    """Says by `on_ready` when it can be asked, and ends without an error at Ctrl-C and other signals to stop."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C is how the server ends, and no error."""
        on_stop_signal(self._end)
        yield

    def _end(self) -> None:
        self.should_exit = True


def listen(port: int) -> socket.socket:
    """Raises UsageError when the port cannot be had."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        # Or another program that asks for the same port would get it too, as long as neither listens.
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(f"--port {port}: cannot be opened: {error}; take another, or leave it out") from error
    return listener
