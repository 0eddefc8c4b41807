"""A proxy for pages, as the environment names one.

Every connection is a tunnel (`CONNECT`) through it to the address that was checked, so that the proxy
resolves no name anew and the rules for addresses hold behind it."""

import base64
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

import httpcore

_MOST = 16_384
"""Bytes of a proxy's answer before the tunnel begins."""


@dataclass(frozen=True)
class Proxies:
    """The proxy for each scheme, empty for none, and hosts that are asked without it."""

    http: str = ""
    https: str = ""
    direct: tuple[str, ...] = ()

    @classmethod
    def named_in(cls, environment: Mapping[str, str]) -> Self:
        """As `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say it, small letters before capitals."""

        def told(name: str) -> str:
            return (environment.get(name) or environment.get(name.upper()) or "").strip()

        direct = tuple(one.strip().lower() for one in told("no_proxy").split(",") if one.strip())
        return cls(told("http_proxy"), told("https_proxy"), direct)

    def between(self, scheme: str, host: str, port: int) -> str:
        """The proxy for a host; empty where it is asked directly."""
        proxy = self.https if scheme == "https" else self.http
        return "" if not proxy or any(_fits(one, host, port) for one in self.direct) else proxy


def _fits(pattern: str, host: str, port: int) -> bool:
    """Whether an entry of `NO_PROXY` names a host: `*`, a name and all below it, an address, a network."""
    name, _, number = pattern.rpartition(":") if pattern.count(":") == 1 else (pattern, "", "")
    if number and number != str(port):
        return False
    name = (name or pattern).removeprefix("*.").lstrip(".")
    if pattern == "*" or host == name or host.endswith(f".{name}"):
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    except (ValueError, TypeError):
        return False


def shown(proxy: str) -> str:
    """A proxy without the name and password by which it is used."""
    return urlsplit(proxy if "//" in proxy else f"//{proxy}").netloc.rpartition("@")[2]


class Tunnels(httpcore.AsyncNetworkBackend):
    """Connections that lead through a proxy."""

    def __init__(self, proxy: str) -> None:
        parts = urlsplit(proxy if "//" in proxy else f"http://{proxy}")
        self._scheme, self._host, self._port = parts.scheme, parts.hostname or "", parts.port or 80
        self._headers = ""
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._headers = f"Proxy-Authorization: Basic {base64.b64encode(pair).decode()}\r\n"
        self._direct = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as httpcore calls it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A tunnel to an address. Raises `httpcore.ProxyError` where the proxy leads to none."""
        if self._scheme != "http":
            raise httpcore.ProxyError(f"a proxy of the kind {self._scheme} cannot be used")
        stream = await self._direct.connect_tcp(
            self._host, self._port, timeout, local_address, socket_options
        )
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        asked = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{self._headers}\r\n"
        try:
            await stream.write(asked.encode(), timeout)
            await _opened(stream, timeout)
        except BaseException:
            await stream.aclose()
            raise
        return stream


async def _opened(stream: httpcore.AsyncNetworkStream, timeout: float | None) -> None:  # noqa: ASYNC109
    """Wait for the proxy's word that the tunnel is there. Raises `httpcore.ProxyError` at another."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        data = await stream.read(_MOST, timeout)
        answer += data
        if not data or len(answer) > _MOST:
            raise httpcore.ProxyError("it did not answer as a proxy does")
    words = answer.split(None, 2)
    status = words[1].decode("ascii", "replace") if len(words) > 1 else "nothing"
    if not status.startswith("2"):
        raise httpcore.ProxyError(f"it answered {status}")
