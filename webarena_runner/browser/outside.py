"""Connections to hosts that are no site of the task (`browser.offsite: allow`): never this machine or private nets."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from webarena_runner.official.public import is_public

CONNECT_LIMIT_S = 20.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[str, int], Awaitable[Streams]]


class NotPublic(OSError):
    """A name stands for an address of this machine or of a private net."""


async def dial(host: str, port: int) -> Streams:
    """Connects to the address that was looked at: a name that changes its address meanwhile gains nothing.

    Raises:
        NotPublic: one of the host's addresses is none of the public internet, or is this machine's own.
        OSError: no such host, or it does not answer.
    """
    async with asyncio.timeout(CONNECT_LIMIT_S):
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            if not is_public(address):
                raise NotPublic(f"{host} is at {address}, which is no public address")
        reader, writer = await _connect(addresses, port)
    ours, theirs = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
    if ours[0] == theirs[0]:
        writer.close()
        raise NotPublic(f"{host} is this machine")
    return reader, writer


async def _connect(addresses: list[str], port: int) -> Streams:
    failed = OSError("no address")
    for address in addresses:
        try:
            return await asyncio.open_connection(address, port)
        except OSError as error:
            failed = error
    raise failed
