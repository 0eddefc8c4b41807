"""The object store's users, made on a MinIO server through its administration API. Other stores take
`store_rights.policies` by hand."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import urllib3
from minio import Minio
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, S3Error
from minio.minioadmin import MinioAdmin

from reprise_runtime import tls
from reprise_runtime.errors import StoreUnavailable, Unavailable
from reprise_runtime.nats.topology import Drift
from reprise_runtime.s3.rights import WRITES, policy, user_of
from reprise_runtime.settings import S3

_TIMEOUT = urllib3.Timeout(connect=5.0, read=30.0)
_NO_SUCH_KEY = ("InvalidAccessKeyId", "SignatureDoesNotMatch")


async def is_minio(settings: S3) -> bool:
    """Return whether the store has MinIO's administration: it answers where only MinIO does."""
    url = f"{'https' if settings.secure else 'http'}://{settings.endpoint}/minio/health/live"

    def ask() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5, context=tls.context(settings.ca)) as answer:  # noqa: S310 - the store's own address
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    return await asyncio.to_thread(ask)


async def lets_in(settings: S3, user: str, secret: str) -> bool:
    """Return whether the store knows the user by this secret. Raises `StoreUnavailable`."""
    try:
        return await asyncio.to_thread(_let_in, settings, user, secret)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise StoreUnavailable(f"{settings.endpoint}: {error}") from error


async def ensure_users(settings: S3, secrets: Mapping[str, str], *, repair: bool = True) -> list[Drift]:
    """Make each role's user with its policy, as far as `secrets` names the role, and say what was done.
    `settings` are the root user's.

    Idempotent. Without `repair` nothing is changed. Raises `StoreUnavailable`, and `Unavailable` when the
    server refuses.
    """
    return await asyncio.to_thread(_Users(settings).ensure, secrets, repair)


class _Users:
    """The administration of one server."""

    def __init__(self, settings: S3) -> None:
        self._settings = settings
        provider = StaticProvider(settings.access_key, settings.secret_key.get_secret_value())
        self._admin = MinioAdmin(
            endpoint=settings.endpoint,
            credentials=provider,
            region=settings.region,
            secure=settings.secure,
            http_client=tls.pool(settings.ca, _TIMEOUT),
        )

    def ensure(self, secrets: Mapping[str, str], repair: bool) -> list[Drift]:
        try:
            present: dict[str, Any] = json.loads(self._admin.user_list())
            documents: dict[str, Any] = json.loads(self._admin.policy_list())
            found: list[Drift] = []
            for role in WRITES:
                if role in secrets:
                    found += self._ensure(role, secrets[role], present, documents, repair=repair)
        except MinioAdminException as error:
            raise Unavailable(f"MinIO at {self._settings.endpoint} does not make users: {error}") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise StoreUnavailable(f"{self._settings.endpoint}: {error}") from error
        return found

    def _ensure(
        self,
        role: str,
        secret: str,
        present: Mapping[str, Any],
        documents: Mapping[str, Any],
        *,
        repair: bool,
    ) -> list[Drift]:
        user, declared = user_of(role), policy(role, self._settings.bucket)
        found: list[Drift] = []
        if _normal(documents.get(user)) != _normal(declared):
            found.append(self._drift(user, "policy", documents.get(user), declared, repair=repair))
            if repair:
                self._admin.policy_add(user, policy=declared)
        is_there = present.get(user)
        if (
            is_there is None
            or is_there.get("status") != "enabled"
            or not _let_in(self._settings, user, secret)
        ):
            new = is_there is None
            found.append(
                self._drift(
                    user, "" if new else "secret", None, "created" if new else "set anew", repair=repair
                )
            )
            if repair:
                self._admin.user_add(user, secret)
        if is_there is None or is_there.get("policyName") != user:
            if is_there is not None:
                found.append(self._drift(user, "policyName", is_there.get("policyName"), user, repair=repair))
            if repair:
                self._attach(user)
        return found

    @staticmethod
    def _drift(user: str, setting: str, actual: object, declared: object, *, repair: bool) -> Drift:
        return Drift(
            f"s3 user {user}",
            setting,
            actual,
            declared,
            repaired=repair,
            problem="" if repair else "missing or drifted",
        )

    def _attach(self, user: str) -> None:
        """Servers of different ages attach a policy in different ways."""
        try:
            self._admin.policy_set(user, user=user)
        except MinioAdminException:
            self._admin.attach_policy([user], user=user)


def _let_in(s3: S3, user: str, secret: str) -> bool:
    client = Minio(
        s3.endpoint,
        access_key=user,
        secret_key=secret,
        secure=s3.secure,
        region=s3.region,
        http_client=tls.pool(s3.ca, _TIMEOUT),
    )
    try:
        next(iter(client.list_objects(s3.bucket)), None)  # a GET: the answer to a HEAD says no reason
    except S3Error as error:
        return error.code not in _NO_SUCH_KEY
    return True


def _normal(document: object) -> str:
    """A policy whatever the order in which a server keeps its parts."""
    if not isinstance(document, dict):
        return ""
    statements = document.get("Statement") or []
    return json.dumps(
        sorted(
            json.dumps(
                {name: sorted(value) if isinstance(value, list) else value for name, value in one.items()},
                sort_keys=True,
            )
            for one in statements
        )
    )
