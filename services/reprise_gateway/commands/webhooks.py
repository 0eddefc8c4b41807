"""Webhooks as they are added, shown and removed: the last values of the stream WEBHOOKS. A removed one leaves
a month's tombstone without its address and its secret."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol
from uuid import uuid4

from reprise_contracts import subjects
from reprise_contracts.problems.model import Problem
from reprise_contracts.problems.refusals import REUSED
from reprise_contracts.webhooks import (
    MOST,
    DeliveryOutcome,
    RemoveWebhookCall,
    Replay,
    ReplayWebhookCall,
    Webhook,
    WebhookCreated,
    WebhookList,
    WebhookRequest,
    WebhookView,
    new_secret,
)
from reprise_contracts.wire import Malformed, derived_id
from reprise_gateway.access.access import Caller
from reprise_gateway.operations.apprise_targets import apprise_problem
from reprise_gateway.operations.webhook_addresses import (
    BlockedAddress,
    Resolver,
    Unresolved,
    look_up,
    place_of,
)
from reprise_runtime.errors import Conflict, Refused, Unavailable
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus, Publisher
from reprise_runtime.nats.jetstream import CONSUMER_NOT_FOUND, STREAM_NOT_FOUND, ApiError
from reprise_runtime.nats.session_log import SessionLog
from reprise_runtime.settings import Webhooks as WebhookSettings

TTL = "Nats-TTL"
TOMBSTONE = "720h"
_log = logger(__name__)
NO_WEBHOOK = Problem(
    type="not_found",
    field="webhook_id",
    detail="There is no such webhook.",
    action="List them (GET /webhooks), and name one of those.",
)
TOO_MANY = Problem(
    type="limit_reached",
    detail=f"There are {MOST} webhooks already.",
    action="Remove one that is no longer needed.",
)


class KeptWebhooks(Protocol):
    """The webhooks as they are kept."""

    async def all(self) -> Mapping[str, Webhook]:
        """Every webhook by its id, tombstones too. Raises `Unavailable`."""
        ...

    async def outcomes(self, webhook_ids: list[str]) -> Mapping[str, DeliveryOutcome]:
        """How the last tries of these went, of those that were tried. Raises `Unavailable`."""
        ...

    async def waiting(self, webhook_id: str) -> int:
        """How many deliveries a webhook is still to get. Raises `Unavailable`."""
        ...


class NoWebhooks:
    """None, where nobody can look."""

    async def all(self) -> Mapping[str, Webhook]:
        """See `KeptWebhooks`."""
        return {}

    async def outcomes(self, webhook_ids: list[str]) -> Mapping[str, DeliveryOutcome]:
        """See `KeptWebhooks`."""
        return {}

    async def waiting(self, webhook_id: str) -> int:
        """See `KeptWebhooks`."""
        return 0


class BusWebhooks:
    """The streams WEBHOOKS and DELIVERIES."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def all(self) -> Mapping[str, Webhook]:
        """See `KeptWebhooks`."""
        try:
            info = await self._bus.api(
                f"STREAM.INFO.{subjects.WEBHOOKS}", {"subjects_filter": subjects.ALL_WEBHOOKS}
            )
        except ApiError as error:
            raise Unavailable(f"the webhooks cannot be read: {error}") from error
        there = sorted(info["state"].get("subjects") or {})
        found: dict[str, Webhook] = {}
        for subject, message in (await self._bus.last_of_each(subjects.WEBHOOKS, there)).items():
            try:
                webhook = Webhook.decode(message.data)
            except Malformed as error:
                _log.error("a webhook cannot be read", subject=subject, error=str(error))
                continue
            found[webhook.webhook_id] = webhook
        return found

    async def outcomes(self, webhook_ids: list[str]) -> Mapping[str, DeliveryOutcome]:
        """See `KeptWebhooks`."""
        by_subject = {subjects.delivered(webhook_id): webhook_id for webhook_id in webhook_ids}
        found = await self._bus.last_of_each(subjects.WEBHOOKS, list(by_subject))
        return {by_subject[name]: DeliveryOutcome.decode(kept.data) for name, kept in found.items()}

    async def waiting(self, webhook_id: str) -> int:
        """See `KeptWebhooks`."""
        path = f"CONSUMER.INFO.{subjects.DELIVERIES}.{subjects.deliverer(webhook_id)}"
        try:
            info = await self._bus.api(path)
        except ApiError as error:
            if error.err_code in (CONSUMER_NOT_FOUND, STREAM_NOT_FOUND):  # the scheduler has yet to make it
                return 0
            raise Unavailable(str(error)) from error
        return int(info["num_pending"]) + int(info["num_ack_pending"])


class Webhooks:
    """Adds, lists, removes and replays webhooks."""

    def __init__(
        self,
        kept: KeptWebhooks,
        publisher: Publisher,
        log: SessionLog,
        settings: WebhookSettings,
        clock: Callable[[], datetime],
        resolver: Resolver = look_up,
    ) -> None:
        self._kept = kept
        self._publisher = publisher
        self._log = log
        self._settings = settings
        self._clock = clock
        self._resolver = resolver

    async def add(self, request: WebhookRequest, caller: Caller) -> WebhookCreated:
        """Tell an address of what is decided from now on. Raises `Refused` (invalid, feature_off,
        command_reused, limit_reached)."""
        webhook_id = derived_id("w", caller.name, request.command_id or uuid4().hex)
        known = await self._kept.all()
        if webhook_id in known:
            return WebhookCreated(**dict(await self._view(_repeated(known[webhook_id], request))))
        if sum(not webhook.removed for webhook in known.values()) >= MOST:
            raise Refused(TOO_MANY)
        position = await self._log.position()
        webhook = Webhook(
            webhook_id=webhook_id,
            created_at=self._clock(),
            by=caller.by,
            url=request.url,
            secret=request.secret or new_secret(),
            types=request.types,
            batch_id=request.batch_id,
            epoch=position.epoch,
            after=position.last_seq,
        )
        await self._check(webhook)
        try:
            await self._store(webhook, expected=0)
        except Conflict:  # the same command, at another gateway, a moment ago
            again = _repeated((await self._kept.all())[webhook_id], request)
            return WebhookCreated(**dict(await self._view(again)))
        return WebhookCreated(**dict(_shown(webhook)), secret=webhook.secret)

    async def list(self) -> WebhookList:
        """The webhooks, oldest first."""
        known = [webhook for webhook in (await self._kept.all()).values() if not webhook.removed]
        known.sort(key=lambda webhook: (webhook.created_at, webhook.webhook_id))
        outcomes = await self._kept.outcomes([webhook.webhook_id for webhook in known])
        waiting = await asyncio.gather(*(self._kept.waiting(webhook.webhook_id) for webhook in known))
        return WebhookList(
            webhooks=tuple(
                _shown(webhook, count, outcomes.get(webhook.webhook_id))
                for webhook, count in zip(known, waiting, strict=True)
            )
        )

    async def remove(self, call: RemoveWebhookCall, caller: Caller) -> WebhookView:
        """Tell it no longer. Raises `Refused` (not_found)."""
        webhook = await self._known(call.webhook_id)
        tombstone = Webhook(
            webhook_id=webhook.webhook_id,
            created_at=webhook.created_at,
            by=caller.by,
            epoch=webhook.epoch,
            after=webhook.after,
            removed=True,
        )
        await self._store(tombstone, headers={TTL: TOMBSTONE})
        return _shown(webhook)

    async def replay(self, call: ReplayWebhookCall, caller: Caller) -> WebhookView:
        """Have everything since a time told again. Raises `Refused` (not_found)."""
        webhook = await self._known(call.webhook_id)
        replay = Replay(replay_id=call.command_id or uuid4().hex, since=call.since)
        if webhook.replay is None or webhook.replay.replay_id != replay.replay_id:
            await self._store(webhook.model_copy(update={"replay": replay}))
        return await self._view(webhook)

    # Inside

    async def _check(self, webhook: Webhook) -> None:
        if not webhook.posts:
            if problem := apprise_problem(webhook.url, self._settings.apprise):
                raise Refused(problem)
            return
        try:
            await place_of(webhook.url, self._settings.networks, self._resolver)
        except (BlockedAddress, Unresolved) as error:
            action = "Give an address on the public internet; REPRISE_WEBHOOKS__NETWORKS lets others in."
            raise Refused(Problem(type="invalid", field="url", detail=str(error), action=action)) from None

    async def _store(
        self, webhook: Webhook, *, expected: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        await self._publisher.publish(
            subjects.webhook(webhook.webhook_id),
            webhook.encode(),
            stream=subjects.WEBHOOKS,
            headers=headers,
            expect_last_subject_seq=expected,
        )

    async def _known(self, webhook_id: str) -> Webhook:
        webhook = (await self._kept.all()).get(webhook_id)
        if webhook is None or webhook.removed:
            raise Refused(NO_WEBHOOK)
        return webhook

    async def _view(self, webhook: Webhook) -> WebhookView:
        outcomes = await self._kept.outcomes([webhook.webhook_id])
        waiting = await self._kept.waiting(webhook.webhook_id)
        return _shown(webhook, waiting, outcomes.get(webhook.webhook_id))


def _repeated(webhook: Webhook, request: WebhookRequest) -> Webhook:
    """R16: the webhook that the same command added before. Raises `Refused` (command_reused) for another
    one."""
    same = (webhook.url, webhook.types, webhook.batch_id) == (request.url, request.types, request.batch_id)
    if webhook.removed or not same or request.secret not in {None, webhook.secret}:
        raise Refused(REUSED)
    return webhook


def _shown(webhook: Webhook, waiting: int = 0, last: DeliveryOutcome | None = None) -> WebhookView:
    return WebhookView(
        webhook_id=webhook.webhook_id,
        url=webhook.shown,
        types=webhook.types,
        batch_id=webhook.batch_id,
        created_at=webhook.created_at,
        by=webhook.by,
        waiting=waiting,
        last=last,
    )
