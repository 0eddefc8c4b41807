"""API tokens: 256 random bits, of which a server keeps the sha256 alone.

A fast hash is enough here and a slow one would only cost: nobody can guess 256 random bits, so there is no
dictionary to try.
"""

import hashlib
import secrets
from ipaddress import ip_address

from reprise_runtime.settings import Auth

PREFIX = "rpr_"
"""So that a token that leaked into a log or a repository is known for one."""


def make() -> str:
    """A new token."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is configured instead of the token: `sha256:<64 hex digits>`."""
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"


def exposure_problem(auth: Auth, host: str) -> str:
    """Why a gateway must not listen there, in words; empty if it may: without tokens only this machine may
    reach it."""
    return "" if auth.tokens or _loopback(host) else _UNLOCKED.format(host=host)


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_UNLOCKED = (
    "No tokens are configured, so the gateway may only listen on the loopback interface, not on {host}. Make "
    "a token with "
    "`reprise token NAME`, set REPRISE_AUTH__TOKENS to what it prints, and start again."
)
