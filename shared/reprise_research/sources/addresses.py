"""Which addresses may be connected to: public ones, so that a source cannot make us read what is private
(SSRF).

A name is resolved once and the connection goes to the address that was checked; a second answer of the name
server changes nothing.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.settings import FetcherSettings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNICAST = ipaddress.ip_network("2000::/3")
"""What of IPv6 has been given out as global unicast; all else, `fec0::/10` among it, is somebody's own or
nobody's."""
_NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "2001:10::/28",
            "2001:20::/28",
            "2001:2::/48",
            "2001:db8::/32",
            "3fff::/20",
        ),
    )
)
"""Ranges for protocols, relays, measurements and documents, whatever the standard library of the day says of
them."""
_ISATAP = (0x00005EFE, 0x02005EFE)
_USUAL_PORTS = frozenset({80, 443})
_NAMES_HERE = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa")


@dataclass(frozen=True)
class Target:
    """Where a request goes: the name that it is for, and the address that it is sent to."""

    scheme: str
    host: str
    port: int
    address: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, as robots.txt counts them."""
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine."""
        return ipaddress.ip_address(self.address).is_loopback


async def resolve(url: str, settings: FetcherSettings) -> Target:
    """The checked target of a URL. Raises `SourceFailed` for an address that must not be asked, or that does
    not exist."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise SourceFailed("blocked_address", f"{url[:200]} is not a valid address.") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise SourceFailed(
            "blocked_address", f"Only http and https addresses are read, not {parts.scheme or 'this'}."
        )
    if parts.username or parts.password:
        raise SourceFailed("blocked_address", "Addresses that carry a user name or password are not read.")
    host = host.rstrip(".").lower()
    port = port or (443 if parts.scheme == "https" else 80)
    literal = _literal(host)
    if literal is None and f".{host}".endswith(_NAMES_HERE) and not settings.allow_loopback:
        raise SourceFailed("blocked_address", f"{host} is a name inside a private network.")
    addresses = [str(literal)] if literal is not None else await _looked_up(host, port, settings)
    for address in addresses:
        if not allowed(address, allow_loopback=settings.allow_loopback):
            raise SourceFailed("blocked_address", f"{host} is not on the public internet.")
    if port not in _USUAL_PORTS | settings.ports and not ipaddress.ip_address(addresses[0]).is_loopback:
        raise SourceFailed(
            "blocked_address", f"Port {port} is not one of the web's; whoever runs the workers can allow it."
        )
    return Target(parts.scheme, host, port, addresses[0])


def allowed(address: str, *, allow_loopback: bool) -> bool:
    """Whether an address is global unicast, also when it wraps an IPv4 address; on request also one of this
    machine."""
    try:
        ip: Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner = _embedded(ip)
    if inner is not None:
        return allowed(str(inner), allow_loopback=allow_loopback)
    if ip.is_loopback:
        return allow_loopback
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _UNICAST:
        return False
    if any(ip.version == network.version and ip in network for network in _NOT_PUBLIC):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_unspecified


def _embedded(ip: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address within a mapped, NAT64, 6to4, ISATAP or Teredo address."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.sixtofour is not None:
        return ip.sixtofour
    if (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.teredo[1] if ip.teredo is not None else None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


async def _looked_up(host: str, port: int, settings: FetcherSettings) -> list[str]:
    try:
        addresses = await settings.resolver(host, port)
    except (OSError, UnicodeError):
        addresses = []
    except TimeoutError:
        raise SourceFailed("timeout", f"The name {host} was not resolved in time.") from None
    if not addresses:
        raise SourceFailed("unreachable", f"There is no host named {host}.")
    return addresses
