"""What both clients share of sending: where to, as whom, how often, and when a command is over."""

from collections.abc import Mapping
from contextlib import ExitStack
from time import monotonic
from typing import BinaryIO, Literal, TypedDict, TypeVar

import httpx

from reprise_client.errors import InvalidArgument, NoServer, NotFound
from reprise_client.requests import Request
from reprise_contracts import frames
from reprise_contracts.states import CommandStatus

T = TypeVar("T")
ATTEMPTS = 3
"""How often a call is sent when the connection breaks. Safe: every command carries its id (R16)."""
UNKNOWN_FOR = 5.0
"""Seconds for which a command may be unknown."""
FINAL: frozenset[CommandStatus] = frozenset({"completed", "failed", "cancelled", "refused"})
"""What a command has become for good."""
_TELLING = (
    frames.Snapshot,
    frames.WorkflowComplete,
    frames.WorkflowFailed,
    frames.WorkflowCancelled,
    frames.WorkflowRefused,
)


class Settings(TypedDict):
    """What `httpx` is made with."""

    base_url: str
    headers: dict[str, str]
    timeout: httpx.Timeout
    trust_env: Literal[False]


def settings(server: str, token: str | None, headers: Mapping[str, str] | None) -> Settings:
    """The address without its last slash, and the caller's token."""
    own = {"Authorization": f"Bearer {token}"} if token else {}
    return Settings(
        base_url=server.rstrip("/"),
        headers={**(headers or {}), **own},
        timeout=httpx.Timeout(60, connect=5),
        trust_env=False,
    )


class Sent(TypedDict, total=False):
    """What `httpx` sends."""

    params: Mapping[str, str]
    json: object
    data: Mapping[str, object]
    files: list[tuple[str, tuple[str, BinaryIO]]]
    headers: Mapping[str, str]


def sent(request: Request[T], stack: ExitStack) -> Sent:
    """A request as `httpx` takes it, its files open for as long as the stack."""
    made = Sent(params=request.params, headers=request.headers)
    if request.body is not None:
        made["json"] = request.body
    if request.form is not None:
        made["data"] = request.form
    if request.files:
        made["files"] = [
            ("files", (path.name, stack.enter_context(path.open("rb")))) for path in request.files
        ]
    return made


def lost(server: str, error: httpx.TransportError, *, last: bool) -> None:
    """A connection broke; raises `NoServer` if there was none, or it was the last attempt."""
    if last or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        raise NoServer(server, str(error) or type(error).__name__) from error


class Patience:
    """How long a command that the server does not know is waited for: it may be on its way."""

    def __init__(self) -> None:
        self._since: float | None = None

    def bear(self, unknown: NotFound) -> None:
        """Bear that it is not known; raises that once it has been so for `UNKNOWN_FOR`."""
        self._since = self._since or monotonic()
        if monotonic() - self._since > UNKNOWN_FOR:
            raise unknown


def check_open(*, closed: bool) -> None:
    """Raise `InvalidArgument` for a client that was closed."""
    if closed:
        raise InvalidArgument(
            "This client is closed.", "Make another one, or call it before its `with` block ends."
        )


def telling(frame: object) -> bool:
    """Whether a command may be over: a run ended, the whole is told anew, or nothing came for a moment."""
    return frame is None or isinstance(frame, _TELLING)
