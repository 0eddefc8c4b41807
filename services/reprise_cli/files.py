"""The files and folders that a command line names: read, written and made, or refused in a sentence that
names them."""

import errno
import os
import re
from pathlib import Path

from reprise_cli.errors import CommandFailed, UsageError
from reprise_cli.terminal import Terminal

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
WHOLE_BUNDLE = "Name a whole file that `reprise export` wrote; write it again if it was cut short."


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises `UsageError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", "Name a file that is there and may be read."
        ) from error


def read_text(path: Path) -> str:
    """The text of a file in UTF-8. Raises `UsageError`."""
    try:
        return read_file(path).decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8.", "Save it as such, or name another file.") from error


def write_file(path: Path, content: bytes) -> None:
    """Write a file. Raises `UsageError`, or `CommandFailed` where the disk gave out."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise unusable(
            path, error, "written", "Name a file in a folder that is there and may be written."
        ) from error


def make_folder(path: Path, action: str = "Name a folder that may be written.") -> None:
    """Make a folder with those above it, where it is not there, and see that it may be written. Raises
    `UsageError`, or `CommandFailed` where the disk gave out."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise UsageError(f"{path} is a file and no folder.", action) from error
    except OSError as error:
        raise unusable(path, error, "made", action) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise UsageError(f"{path} may not be written by user {os.getuid()}.", action)


def existing_folder(path: Path, action: str) -> None:
    """See that a folder is there. Raises `UsageError`."""
    if not path.is_dir():
        raise UsageError(f"{path} is {'a file and ' if path.exists() else ''}no folder.", action)


def unusable(path: Path, error: OSError, done: str, action: str) -> CommandFailed:
    """The error that a file or folder is which could not be written or made."""
    told = f"{path} cannot be {done}: {error.strerror}."
    if error.errno == errno.ENOSPC:
        return CommandFailed(told, "Make room on its disk and try again.")
    return UsageError(told, action)


def bundle_content(terminal: Terminal, given: str) -> bytes:
    """What `export` wrote: of a file that is named, or of a session, asked of the server. Raises
    `UsageError`."""
    path = Path(given)
    if path.is_file():
        return read_file(path)
    if not _ID.fullmatch(given):
        raise UsageError(
            f"{given!r} is no file, and no session has such an id.",
            "Name a file that `reprise export` wrote, or a session as `reprise list` shows it.",
        )
    with terminal.client() as client:
        return client.bundle(given)
