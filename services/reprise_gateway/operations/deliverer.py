"""Telling webhooks: each has a durable consumer of its own, so that one that hangs holds up no other.

Of several gateways each takes a share. A delivery is acknowledged once its receiver has confirmed it; whoever
dies in between sends it again, under the same id. What fails is tried again, later and later, and put aside
after the last try.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from urllib.parse import urlsplit, urlunsplit

import httpx

from reprise_contracts import subjects
from reprise_contracts.webhooks import (
    CONTENT_TYPE,
    Announcement,
    DeliveryOutcome,
    Webhook,
    signed_headers,
)
from reprise_contracts.wire import Malformed
from reprise_gateway.operations import apprise_targets
from reprise_gateway.operations.webhook_addresses import (
    BlockedAddress,
    Place,
    Resolver,
    Unresolved,
    look_up,
    place_of,
)
from reprise_runtime import metrics
from reprise_runtime.cancelling import end
from reprise_runtime.errors import RepriseError, Reset, Retryable
from reprise_runtime.logs import logger
from reprise_runtime.nats.acknowledgement import Claim
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import ApiError
from reprise_runtime.nats.ordered_consumer import OrderedConsumer
from reprise_runtime.nats.pull_consumer import PullConsumer
from reprise_runtime.settings import Settings
from reprise_runtime.settings import Webhooks as WebhookSettings

_log = logger(__name__)
AGENT = "Reprise-Webhook/1"
ANSWER = 4_096
"""Bytes of an answer that are read: only its status counts."""
SAID_EVERY = 1.0
"""Seconds between two notes of how a webhook's tries go, at least."""
PAUSE = 1.0


class Undelivered(Exception):
    """A try failed; the text says why, `final` that no other would do better."""

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


@cache
def _authorities() -> ssl.SSLContext:
    """Whom to trust; reading them takes a while."""
    return httpx.create_ssl_context(trust_env=False)


class Post:
    """Posts deliveries to the addresses that were checked."""

    def __init__(
        self,
        settings: WebhookSettings,
        clock: Callable[[], datetime],
        resolver: Resolver = look_up,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._resolver = resolver
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close its connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                verify=_authorities(),
                limits=httpx.Limits(max_keepalive_connections=32),  # or who hangs holds up the others
                trust_env=False,
                follow_redirects=False,
                timeout=self._settings.timeout,
                headers={"User-Agent": AGENT, "Content-Type": CONTENT_TYPE, "Accept": "*/*"},
            )
        return self._client

    async def deliver(self, webhook: Webhook, announcement_id: str, body: bytes) -> None:
        """Make one try. Raises `Undelivered`."""
        try:
            async with asyncio.timeout(self._settings.timeout):
                if webhook.posts:
                    await self._posted(webhook, announcement_id, body)
                else:
                    await apprise_targets.tell(webhook.url, Announcement.decode(body))
        except TimeoutError:
            raise Undelivered(f"no answer within {self._settings.timeout:g} s") from None
        except BlockedAddress as error:
            raise Undelivered(str(error), final=True) from None
        except (Unresolved, apprise_targets.NotSent) as error:
            raise Undelivered(str(error)) from None

    async def _posted(self, webhook: Webhook, announcement_id: str, body: bytes) -> None:
        place = await place_of(webhook.url, self._settings.networks, self._resolver)
        headers = signed_headers(webhook.secret, announcement_id, self._clock(), body)
        url, host = _pinned(webhook.url, place)
        try:
            async with self._opened().stream(
                "POST",
                url,
                content=body,
                headers=headers | {"Host": host},
                extensions={"sni_hostname": place.host},
            ) as response:
                status = response.status_code
                async for _ in response.aiter_raw(ANSWER):
                    break
        except httpx.TimeoutException:
            raise TimeoutError from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:  # its text may hold the address
            raise Undelivered(f"{place.host} could not be reached ({type(error).__name__})") from None
        if not 200 <= status < 300:
            raise Undelivered(f"{place.host} answered {status}", final=status == httpx.codes.GONE)


def _pinned(url: str, place: Place) -> tuple[str, str]:
    """The address with the host's checked address in it, and what the Host header says."""
    parts = urlsplit(url)
    address, host = (f"[{name}]" if ":" in name else name for name in (place.address, place.host))
    usual = 443 if place.scheme == "https" else 80
    pinned = urlunsplit((place.scheme, f"{address}:{place.port}", parts.path or "/", parts.query, ""))
    return pinned, host if place.port == usual else f"{host}:{place.port}"


class Deliverer:
    """Takes what webhooks are to be told, and tells it."""

    def __init__(
        self,
        bus: Bus,
        settings: Settings,
        clock: Callable[[], datetime],
        resolver: Resolver = look_up,
    ) -> None:
        self._bus = bus
        self._settings = settings.webhooks
        self._timings = settings.timings
        self._clock = clock
        self._post = Post(settings.webhooks, clock, resolver)
        self._webhooks: dict[str, Webhook] = {}
        self._pulling: dict[str, asyncio.Task[None]] = {}
        self._said: dict[str, tuple[float, bool]] = {}
        """By webhook: when it was last noted how its tries go, and how they went."""

    async def run(self) -> None:
        """Tell webhooks until cancelled: what is under way then goes back, and comes again."""
        try:
            while True:
                try:
                    await self._follow()
                except Reset as error:
                    _log.warning("the webhooks were created anew", error=str(error))
                    await self._stop_all()
                except (Retryable, ApiError) as error:
                    _log.warning("webhooks not followed", error=str(error))
                await asyncio.sleep(PAUSE)
        finally:
            await self._stop_all()
            await self._post.close()

    async def _stop_all(self) -> None:
        self._webhooks.clear()
        await asyncio.gather(*(self._stop(webhook_id) for webhook_id in tuple(self._pulling)))

    async def _follow(self) -> None:
        """Start and stop as webhooks come and go."""
        following = OrderedConsumer(
            self._bus, subjects.WEBHOOKS, subjects.ALL_WEBHOOKS, start="last_per_subject"
        )
        async with following:
            async for message in following:
                try:
                    webhook = Webhook.decode(message.data)
                except Malformed as error:
                    _log.error("a webhook cannot be read", subject=message.subject, error=str(error))
                    continue
                if webhook.removed:
                    self._webhooks.pop(webhook.webhook_id, None)
                    await self._stop(webhook.webhook_id)
                else:
                    self._webhooks[webhook.webhook_id] = webhook
                    self._start(webhook.webhook_id)

    def _start(self, webhook_id: str) -> None:
        if webhook_id in self._pulling:
            return
        puller = PullConsumer(
            self._bus,
            subjects.DELIVERIES,
            subjects.deliverer(webhook_id),
            self._timings,
            window=self._settings.at_once,
        )
        task = asyncio.create_task(self._pull(webhook_id, puller), name=f"tell {webhook_id}")
        self._pulling[webhook_id] = task

    async def _pull(self, webhook_id: str, puller: PullConsumer) -> None:
        """Take what there is, once the scheduler has made the consumer."""
        path = f"CONSUMER.INFO.{subjects.DELIVERIES}.{subjects.deliverer(webhook_id)}"
        while True:
            try:
                await self._bus.api(path)
            except (Retryable, ApiError):
                await asyncio.sleep(PAUSE / 2)
            else:
                break
        await puller.run(self.handle)

    async def _stop(self, webhook_id: str) -> None:
        task = self._pulling.pop(webhook_id, None)
        if task is not None:
            await end(task)

    async def handle(self, claim: Claim) -> None:
        """Make one try of one delivery."""
        webhook_id, announcement_id = subjects.delivered_to(claim.subject)
        webhook = self._webhooks.get(webhook_id)
        if webhook is None:  # it was removed just now
            return
        began = time.monotonic()
        problem: Undelivered | None = None
        try:
            await self._post.deliver(webhook, announcement_id, claim.data)
        except Undelivered as error:
            problem = error
        last = problem is not None and (problem.final or claim.deliveries >= self._settings.attempts)
        outcome = "delivered" if problem is None else "put aside" if last else "failed"
        metrics.DELIVERIES.labels(outcome).inc()
        _log.info(
            "told a webhook",
            webhook=webhook_id,
            announcement=announcement_id,
            deliveries=claim.deliveries,
            outcome=outcome,
            problem=str(problem or ""),
            seconds=round(time.monotonic() - began, 4),
        )
        if problem is None:
            await claim.ack_sync()
        elif last:
            reason = f"webhook {webhook_id}: try {claim.deliveries} failed, and was the last: {problem}"
            await claim.dead_letter(reason)
        else:
            await claim.nak(self._pause(claim.deliveries))
        await self._note(webhook_id, problem)

    def _pause(self, deliveries: int) -> float:
        """Twice as long from try to try."""
        return min(self._settings.backoff * 2.0 ** min(deliveries - 1, 40), self._settings.longest)

    async def _note(self, webhook_id: str, problem: Undelivered | None) -> None:
        """Note how its tries go, now and then: for whoever lists the webhooks."""
        now, fine = time.monotonic(), problem is None
        said = self._said.get(webhook_id)
        if said is not None and said[1] == fine and now - said[0] < SAID_EVERY:
            return
        self._said[webhook_id] = now, fine
        outcome = DeliveryOutcome(at=self._clock(), delivered=fine, detail=str(problem or ""))
        try:
            await self._bus.publish(
                subjects.delivered(webhook_id), outcome.encode(), stream=subjects.WEBHOOKS
            )
        except RepriseError as error:
            _log.warning("not noted", webhook=webhook_id, error=str(error))
