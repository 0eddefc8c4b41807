"""Encrypting the files of a backup as `age` does (https://age-encryption.org/v1), for recipients whose
identities need not be on the machine that makes it.

What `age --decrypt -i IDENTITY` reads is what is written here, so that a backup can be read without Reprise.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from reprise_contracts.problems.model import Problem
from reprise_runtime.errors import Refused

_MISSING = Problem(
    type="feature_off",
    detail="Encrypted backups are not part of this installation.",
    action="Install `reprise-research[sealed]` where backups are made and restored.",
)


def _age() -> Any:
    try:
        import pyrage  # noqa: PLC0415 - only who encrypts has it
    except ImportError as error:
        raise Refused(_MISSING) from error
    return pyrage


class Seal:
    """Writes for recipients, reads with identities. Raises `Refused` (invalid) for what is neither."""

    def __init__(self, recipients: Sequence[str] = (), identities: Sequence[str] = ()) -> None:
        self.recipients = tuple(sorted(recipients))
        self._for = [_parsed(one, "recipient") for one in self.recipients]
        self._with = [_parsed(one, "identity") for one in identities]

    def close(self, plain: Path, sealed: Path) -> None:
        """Encrypt a file."""
        _age().encrypt_file(str(plain), str(sealed), self._for)

    @contextmanager
    def open(self, sealed: BinaryIO, name: str) -> Iterator[BinaryIO]:
        """A file as it was before it was encrypted."""
        if not self._with:
            raise Refused(
                Problem(
                    type="invalid",
                    detail=f"{name} is encrypted.",
                    action="Name the file with its identity: --identity FILE.",
                )
            )
        age = _age()
        with tempfile.TemporaryFile() as plain:
            try:
                age.decrypt_io(sealed, plain, self._with)
            except (age.DecryptError, OSError) as error:
                raise Refused(
                    Problem(
                        type="invalid",
                        detail=f"{name} cannot be decrypted: {error}.",
                        action="Name the identity of one of the recipients it was encrypted for.",
                    )
                ) from error
            plain.seek(0)
            yield plain


def identities_in(path: Path) -> tuple[str, ...]:
    """The identities of a file as `age-keygen` writes it, or of an SSH key."""
    text = path.read_text()
    if "PRIVATE KEY-----" in text:
        return (text,)
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def _parsed(text: str, what: str) -> Any:
    age = _age()
    ssh, own = (
        (age.ssh.Recipient.from_str, age.x25519.Recipient.from_str)
        if what == "recipient"
        else (lambda one: age.ssh.Identity.from_buffer(one.encode()), age.x25519.Identity.from_str)
    )
    try:
        return (ssh if text.startswith(("ssh-", "-----")) else own)(text)
    except (age.RecipientError, age.IdentityError, ValueError) as error:
        raise Refused(
            Problem(
                type="invalid",
                detail=f"This is no {what} of age: {error}.",
                action="Name one as `age-keygen` makes it (age1…, AGE-SECRET-KEY-1…), or an SSH key.",
            )
        ) from error
