"""W3C trace context: one `traceparent` goes with a command from the call that brought it to the artifact that came of it."""

import re
import secrets

HEADER = "traceparent"
_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def headers(trace: str) -> dict[str, str]:
    """A message's headers, for a trace or for none."""
    return {HEADER: trace} if trace else {}


def continued(given: str) -> str:
    """The caller's `traceparent` if it is one, else the beginning of a trace of our own."""
    return given if _FORM.fullmatch(given) else f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
