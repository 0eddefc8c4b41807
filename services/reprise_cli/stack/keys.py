"""The secrets of a local stack: the object store's keys, and one secret for each role. Made once for a
folder, its owner's only."""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from reprise_cli.errors import UsageError
from reprise_cli.stack.stack_file import read_stack
from reprise_runtime.roles import ADMIN, ROLES
from reprise_runtime.settings import S3, Settings, from_environment


class Keys(NamedTuple):
    """The operator's keys of the object store, and the secret of each role."""

    access_key: str
    secret_key: str
    secrets: dict[str, str]


def load_keys(folder: Path) -> Keys:
    """The folder's secrets; what is missing is made."""
    folder.chmod(0o700)  # one that was there before may have been open to every account of this machine
    path = folder / "keys.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    made = {"access_key": f"reprise{secrets.token_hex(6)}", "secret_key": secrets.token_urlsafe(32)} | kept
    made["secrets"] = {role: secrets.token_urlsafe(24) for role in ROLES} | kept.get("secrets", {})
    if made != kept:
        draft = folder / "keys.tmp"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
        draft.replace(path)
    return Keys(**made)


def operator_settings(state_dir: Path, server: str, told: Callable[[], Path | None]) -> Settings:
    """What an operator's command works with: the servers that the environment names, else those of this
    machine's stack at `server`, with all rights.

    `told` asks the server for its folder, where `state_dir` has another stack or none. Raises `UsageError`
    where neither is there.
    """
    settings = from_environment()
    if "REPRISE_NATS__URL" in os.environ:
        return settings
    stack = read_stack(state_dir)
    if (stack is None or stack.url != server) and (own := told()) is not None:
        found = read_stack(own)
        if found is not None and found.url == server and os.access(own, os.W_OK):
            state_dir, stack = own, found
    if stack is None or stack.url != server:
        raise UsageError(
            f"The stack in {state_dir} is not the one at {server}."
            if stack
            else f"No stack runs in {state_dir}.",
            "Name the folder of its stack with --state-dir, or its servers with REPRISE_NATS__URL and "
            "REPRISE_S3__ENDPOINT.",
        )
    keys = load_keys(state_dir)
    nats = {"url": stack.nats_url, "user": ADMIN, "password": SecretStr(keys.secrets[ADMIN])}
    s3 = S3(endpoint=stack.s3_endpoint, access_key=keys.access_key, secret_key=SecretStr(keys.secret_key))
    return settings.model_copy(
        update={
            "nats": settings.nats.model_copy(update=nats),
            "s3": s3,
            "secrets": {role: SecretStr(secret) for role, secret in keys.secrets.items()},
        }
    )
