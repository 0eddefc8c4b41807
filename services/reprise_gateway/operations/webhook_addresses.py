"""Where webhooks may be: addresses that are checked as those of sources are, when a webhook is added and
again before every delivery, since a name may lead elsewhere by then."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from reprise_research.sources.addresses import allowed

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Awaitable[list[str]]]
"""Host name and port → addresses; raises `OSError` when there are none."""
RESOLVE_SECONDS = 5.0
_THREADS = ThreadPoolExecutor(16, thread_name_prefix="webhook names")
"""Where names are looked up: a server of names that hangs takes no thread of anybody else."""


async def look_up(host: str, port: int) -> list[str]:
    """Return the operating system's answer, without repetitions. Raises `OSError`."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_THREADS, ask)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class BlockedAddress(Exception):
    """A webhook must not be there; the text says why, without the address's path and query."""


class Unresolved(Exception):
    """There is no such host now."""


class Place(NamedTuple):
    """Where a delivery goes: the host that it is for, and the address that it is sent to."""

    scheme: str
    host: str
    port: int
    address: str


async def place_of(url: str, networks: Iterable[Network], resolver: Resolver = look_up) -> Place:
    """The checked place of an http or https address. Raises `BlockedAddress` and `Unresolved`."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip(".").lower(), parts.port
        named = host.encode("idna").decode() if not _is_address(host) else host
    except (ValueError, UnicodeError):
        raise BlockedAddress("This is not a valid address.") from None
    if not host:
        raise BlockedAddress("The address names no host.")
    if parts.username or parts.password:
        raise BlockedAddress("The address carries a user name or a password: deliveries are signed instead.")
    port = port or (443 if parts.scheme.lower() == "https" else 80)
    if _is_address(host):
        addresses = [host.partition("%")[0]]
    else:
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                addresses = await resolver(named, port)
        except (OSError, UnicodeError, TimeoutError):
            addresses = []
    if not addresses:
        raise Unresolved(f"There is no host named {host[:100]}.")
    own = tuple(networks)
    for address in addresses:
        if not _reachable(address, own):
            raise BlockedAddress(f"{host[:100]} is not on the public internet.")
    return Place(parts.scheme.lower(), named, port, addresses[0])


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _reachable(address: str, networks: tuple[Network, ...]) -> bool:
    ip = ipaddress.ip_address(address)
    if any(ip.version == network.version and ip in network for network in networks):
        return True
    return allowed(address, allow_loopback=False)
