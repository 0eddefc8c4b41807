"""Webhooks: who is told of what happens, how it is told (CloudEvents 1.0, structured JSON), and what vouches
for it (the Standard Webhooks specification).

What is told is an `Announcement`. It follows from a commit of the log alone, and its id with it: however
often it is made or sent again, it is the same, so that a receiver counts it once.
"""

import base64
import hashlib
import hmac
import secrets as random
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from reprise_contracts.phrases import Reason
from reprise_contracts.problems.model import ProblemDocument
from reprise_contracts.sources import CheckOutcome
from reprise_contracts.wire import CommandId, Id, Instant, Message

AnnouncementType = Literal[
    "reprise.run.completed",
    "reprise.run.failed",
    "reprise.run.cancelled",
    "reprise.report.stale",
    "reprise.source.changed",
    "reprise.source.gone",
    "reprise.ceiling.reached",
    "reprise.backup.old",
]
"""What can be told: the `type` of a CloudEvent."""

CONTENT_TYPE = "application/cloudevents+json"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
"""The headers of a delivery, as the Standard Webhooks specification names them."""
SECRET = "whsec_"  # noqa: S105  # how a secret begins, and none
TOLERANCE = 300
"""Seconds by which a delivery's time may differ from the receiver's clock: what is older was recorded and is
played back."""
MOST = 100
"""Webhooks that one system may have."""


# What is told


class NamedCause(Message):
    """One cause of a stale report, by name (R4)."""

    node: str
    """A node; `source/<id>` for a source."""
    name: str
    """A source's title or address, a step's title, or the node in words."""
    reason: Reason
    at: Instant | None = None
    text: str
    """The cause as a sentence."""


class RunEnded(Message):
    """A run came to its end; of `ceiling.reached`, because its tokens did."""

    batch_id: Id
    session_id: Id
    topic: str
    run_id: Id
    outcome: Literal["completed", "failed", "cancelled", "refused"]
    tokens: int = 0
    """What the run spent."""
    report_stale: bool | None = None
    """Whether the report is out of date now; null where there is none."""
    problem: ProblemDocument | None = None
    text: str


class ReportStale(Message):
    """A report was up to date, and is no longer."""

    batch_id: Id
    session_id: Id
    topic: str
    causes: tuple[NamedCause, ...]
    """Nearest first, back to what changed."""
    text: str


class SourceMoved(Message):
    """A source is not what it was stored as."""

    batch_id: Id
    topic: str
    source_id: Id
    name: str
    """Its title or address."""
    url: str | None = None
    outcome: CheckOutcome
    text: str


class BackupOld(Message):
    """The last backup is older than it should be."""

    taken_at: Instant
    hours: int
    text: str


class Announcement(Message):
    """A CloudEvent in structured JSON: the body of a delivery, the same at every try."""

    specversion: Literal["1.0"] = "1.0"
    id: Id
    source: str
    """`/sessions/<id>`, `/batches/<id>` or `/`: where more is to be read."""
    type: AnnouncementType
    subject: str = ""
    """A run, a node or a source."""
    time: Instant
    """Of the commit that it follows from."""
    datacontenttype: Literal["application/json"] = "application/json"
    data: Annotated[RunEnded | ReportStale | SourceMoved | BackupOld, Field(union_mode="left_to_right")]

    @property
    def batch_id(self) -> str | None:
        """The batch that it is of; None if of none."""
        return None if isinstance(self.data, BackupOld) else self.data.batch_id

    def encode(self) -> bytes:
        """UTF-8 JSON with every attribute that has a value: a CloudEvent names its version."""
        return self.model_dump_json(exclude_none=True).encode()


# Who is told


def _secret(given: str) -> str:
    """Raise `ValueError` for what is no secret of the specification."""
    try:
        size = len(base64.b64decode(given.removeprefix(SECRET), validate=True))
    except ValueError:
        size = 0
    if not given.startswith(SECRET) or not 24 <= size <= 64:
        raise ValueError(f"is `{SECRET}` with 24 to 64 bytes in base64 behind it")
    return given


def new_secret() -> str:
    """A secret that nobody can guess."""
    return SECRET + base64.b64encode(random.token_bytes(32)).decode()


Address = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*://[^\s]+$", max_length=2_000)]


class WebhookRequest(Message):
    """`POST /webhooks`."""

    url: Address
    """Where announcements are posted (http or https); any other scheme is an address of Apprise, such as
    `mailto://` or `slack://`."""
    types: Annotated[tuple[AnnouncementType, ...], Field(max_length=20)] = ()
    """What is told; all of it, if it is empty."""
    batch_id: Id | None = None
    """Only of this batch; null: of all."""
    secret: Annotated[str, StringConstraints(max_length=200), AfterValidator(_secret)] | None = None
    """What deliveries are signed with (`whsec_…`); without it one is made."""
    command_id: CommandId | None = None


class WebhooksCall(Message):
    """`GET /webhooks`."""


class RemoveWebhookCall(Message):
    """`DELETE /webhooks/{webhook_id}`."""

    webhook_id: Id


class ReplayRequest(Message):
    """`POST /webhooks/{webhook_id}/replay`."""

    since: Instant
    """Whatever was decided from then on is told again, under the ids that it had."""
    command_id: CommandId | None = None


class ReplayWebhookCall(ReplayRequest):
    """`reprise.v1.api.replay_webhook`."""

    webhook_id: Id


class Replay(Message):
    """A replay that was asked for."""

    replay_id: str
    since: Instant


class Webhook(Message):
    """A webhook as it is kept: the last value of its subject. A removed one has neither address nor
    secret."""

    webhook_id: Id
    created_at: Instant
    by: str = ""
    url: str = ""
    secret: str = ""
    types: tuple[AnnouncementType, ...] = ()
    batch_id: Id | None = None
    epoch: str
    after: int
    """It is told of what the log holds behind this position; positions mean something within one epoch."""
    replay: Replay | None = None
    """The last one that was asked for."""
    removed: bool = False

    @property
    def posts(self) -> bool:
        """Return whether it is told by HTTP, and not through Apprise."""
        return urlsplit(self.url).scheme.lower() in {"http", "https"}

    def wants(self, announcement: Announcement) -> bool:
        """Return whether it is told of this."""
        typed = not self.types or announcement.type in self.types
        return typed and self.batch_id in {None, announcement.batch_id}

    @property
    def shown(self) -> str:
        """The address without what may be a secret: a user, a query; of Apprise's all but the scheme."""
        parts = urlsplit(self.url)
        if not self.posts:
            return f"{parts.scheme}://…"
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{'?…' if parts.query else ''}"


class DeliveryOutcome(Message):
    """How the last try of a webhook went; the last value of its subject."""

    at: Instant
    delivered: bool
    detail: str = ""
    """What went wrong, in words."""


class WebhookView(Message):
    """A webhook as it is shown: never with its secret."""

    webhook_id: str
    url: str
    """Without a user, and without its query; of Apprise's the scheme alone."""
    types: tuple[AnnouncementType, ...] = ()
    batch_id: str | None = None
    created_at: Instant
    by: str = ""
    waiting: int = 0
    """Deliveries that are to be made, those that are tried again among them."""
    last: DeliveryOutcome | None = None
    """The last try; null before the first."""


class WebhookCreated(WebhookView):
    """The answer to `POST /webhooks`."""

    secret: str | None = None
    """What deliveries are signed with. It is told here and never again; a repeat of the command has null."""


class WebhookList(Message):
    """The answer to `GET /webhooks`."""

    webhooks: tuple[WebhookView, ...] = ()


# What vouches for it


def signature(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """The signature of a delivery: HMAC-SHA256 over `id.timestamp.body`, in base64 behind `v1,`.

    Raises `ValueError` for a secret that is none. Source: the Standard Webhooks specification.
    """
    key = base64.b64decode(_secret(secret).removeprefix(SECRET))
    signed = b"%s.%d.%s" % (webhook_id.encode(), timestamp, body)
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def signed_headers(secret: str, webhook_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of a delivery that is sent now."""
    timestamp = int(now.timestamp())
    return {
        ID: webhook_id,
        TIMESTAMP: str(timestamp),
        SIGNATURE: signature(secret, webhook_id, timestamp, body),
    }


def verified(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Return whether a delivery comes from who knows the secret, and is not an old one. Header names in lower
    case; of several signatures (a secret that is being replaced) one suffices."""
    given = headers.get(TIMESTAMP, "")
    if not given.isascii() or not given.isdigit() or abs(now.timestamp() - int(given)) > TOLERANCE:
        return False
    own = signature(secret, headers.get(ID, ""), int(given), body)
    return any(hmac.compare_digest(own, one) for one in headers.get(SIGNATURE, "").split())
