"""The signals by which a program is asked to end."""

import signal
from collections.abc import Callable

# Ctrl-C, what `timeout` and CI runners send, and a terminal that is closed.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def on_stop_signal(end: Callable[[], object]) -> None:
    """How servers end: each of them calls `end` on the running loop, but for a hang-up that `nohup` has ignored."""
    import asyncio  # what only names the signals does not wait for it

    for each in STOP_SIGNALS:
        if each is not signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(each, end)
