"""Whom connections trust: the machine's certificate authorities, or those of one file in their place."""

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import urllib3


def context(ca: Path | None) -> ssl.SSLContext:
    """For a client that checks certificate and name. `ca`: a PEM file with the authorities that count, and no
    others then."""
    return ssl.create_default_context(cafile=ca)


def pool(
    ca: Path | None,
    timeout: "urllib3.Timeout",
    *,
    connections: int = 4,
    retries: "urllib3.Retry | None" = None,
) -> "urllib3.PoolManager":
    """HTTP connections that do the same."""
    import urllib3  # noqa: PLC0415 - for those alone who use the SDK of the store

    return urllib3.PoolManager(maxsize=connections, timeout=timeout, retries=retries, ssl_context=context(ca))
