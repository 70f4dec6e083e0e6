"""Connections to hosts that are no site of the task (`browser.offsite: allow`): never this machine or private nets."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

CONNECT_LIMIT_S = 20.0
# Addresses in which a network may hide one of the older kind.
_NAT64 = IPv6Network("64:ff9b::/96")

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


def is_public(address: str) -> bool:
    """Whether an IP address, also one that stands inside another, is of the public internet."""
    ip = ip_address(address.partition("%")[0])
    inner = _inner(ip) if isinstance(ip, IPv6Address) else None
    return ip.is_global and not ip.is_multicast and (inner is None or is_public(str(inner)))


def _inner(ip: IPv6Address) -> IPv4Address | None:
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


async def _connect(addresses: list[str], port: int) -> Streams:
    failed = OSError("no address")
    for address in addresses:
        try:
            return await asyncio.open_connection(address, port)
        except OSError as error:
            failed = error
    raise failed
