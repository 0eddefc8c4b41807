"""The stack on this machine: where it keeps its state, and how a command finds it."""

import json
import os
import sys
from pathlib import Path

from pydantic import Field, ValidationError

from reprise_contracts.wire import Message

DEFAULT_SERVER = "http://127.0.0.1:8700"
STATE_DIR = "REPRISE_STATE_DIR"


class ChildRecord(Message):
    """A process of the stack. The start time tells it from a later process with the same number."""

    name: str
    pid: int
    started: str = ""


class StackFile(Message):
    """`stack.json`: what a running stack says of itself; left behind by one that was killed."""

    url: str
    nats_url: str
    s3_endpoint: str
    supervisor: ChildRecord
    children: tuple[ChildRecord, ...] = ()
    ports: dict[str, int] = Field(default_factory=dict)


def default_state_dir() -> Path:
    """`REPRISE_STATE_DIR`, else the platform's folder for a user's data."""
    named = os.environ.get(STATE_DIR)
    if named:
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "reprise"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "reprise"


def stack_file(state_dir: Path) -> Path:
    """Where a stack writes its address."""
    return state_dir / "stack.json"


def read_stack(state_dir: Path) -> StackFile | None:
    """What the stack of a folder last said; None if it never ran or ended in order."""
    try:
        return StackFile.model_validate_json(stack_file(state_dir).read_bytes())
    except (OSError, ValidationError):
        return None


def write_stack(state_dir: Path, stack: StackFile) -> None:
    """Replace the file in one move, so that a reader never sees half of it."""
    path = stack_file(state_dir)
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(stack.model_dump(mode="json"), indent=2) + "\n")
    draft.replace(path)


def server_address(named: str | None, state_dir: Path) -> str:
    """The server to talk to: the one that was named, else the local stack's, else the usual address."""
    if named:
        return named.rstrip("/")
    stack = read_stack(state_dir)
    return stack.url if stack else DEFAULT_SERVER
