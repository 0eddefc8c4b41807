"""Frames on their way from the log to the sockets: one channel per batch that somebody watches, in order,
made once for all."""

import asyncio
from collections.abc import AsyncIterator, Callable

from pydantic import ValidationError

from reprise_contracts import frames as f
from reprise_contracts.artifacts import Artifact, ObjectRef
from reprise_contracts.nodes import Phase, from_token
from reprise_contracts.wire import Malformed
from reprise_gateway.projections.changes import SMALL
from reprise_gateway.projections.content_frames import Content
from reprise_gateway.projections.contents import Contents
from reprise_gateway.projections.frames import Durable, frames_of, progress
from reprise_gateway.projections.outbox import BYTES, Outbox, Packed
from reprise_gateway.projections.projection import Transition
from reprise_runtime.errors import ObjectCorrupt, ObjectMissing, StoreUnavailable
from reprise_runtime.logs import logger

Place = tuple[int, int]
"""A commit's sequence, and a frame's place within the commit."""
BEHIND = 5_000
"""Commits that a channel may be behind (the store is away) before its sockets are closed to resume later."""
_log = logger(__name__)


class Subscriber:
    """One socket's ear: it holds frames back until the socket knows where it begins, and gives none twice."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self._since: Place | None = None
        self._held: list[tuple[Place, Packed]] = []
        self._held_bytes = 0

    def begin(self, since: Place) -> None:
        """Everything after this place goes out from now on."""
        self._since = since
        held, self._held = self._held, []
        for place, frame in held:
            self.durable(place, frame)

    def durable(self, place: Place, frame: Packed) -> None:
        """A durable frame, in order."""
        if self._since is None:
            self._held.append((place, frame))
            self._held_bytes += len(frame)
            if self._held_bytes > BYTES:  # it reads its snapshot too slowly
                self._held, self._held_bytes = [], 0
                self.outbox.overflow()
        elif place > self._since:
            self._since = place
            self.outbox.durable(frame)

    def live(self, frame: Packed) -> None:
        """A live frame; of no use to a socket that has not begun."""
        if self._since is not None:
            self.outbox.live(frame)


class Channel:
    """The frames of one batch."""

    def __init__(self, contents: Contents) -> None:
        self.subscribers: set[Subscriber] = set()
        self._contents = contents
        self._waiting: asyncio.Queue[Transition] = asyncio.Queue()
        self._task = asyncio.create_task(self._run(), name="frames")
        self._task.add_done_callback(self._ended)

    def publish(self, transition: Transition) -> None:
        """A commit of one of the batch's sessions."""
        self._waiting.put_nowait(transition)
        if self._waiting.qsize() > BEHIND:
            self.overflow()

    def overflow(self) -> None:
        """Close every socket, to resume where it is."""
        for subscriber in self.subscribers:
            subscriber.outbox.overflow()

    def close(self) -> None:
        """Nobody listens any more."""
        self._task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Frames that cannot be made end the sockets: they resume on another channel, or fail in the open."""
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("frames cannot be made", error=repr(error), exc_info=error)
            self.overflow()

    async def _run(self) -> None:
        while True:
            transition = await self._waiting.get()
            try:
                async for place, frame in with_contents(transition, self._contents):
                    packed = Packed(frame)
                    for subscriber in self.subscribers:
                        subscriber.durable(place, packed)
            except StoreUnavailable as error:
                _log.warning("frames wait for the store", error=str(error))
                self.overflow()
                continue
            if transition.after.deleted:  # who listens comes back, and is told that the batch is gone
                self.overflow()
            live = progress(transition.before, transition.after, transition.commit)
            if live is not None:
                packed = Packed(live)
                for subscriber in self.subscribers:
                    subscriber.live(packed)


async def with_contents(transition: Transition, contents: Contents) -> AsyncIterator[tuple[Place, Durable]]:
    """The frames of one commit with what artifacts say. One whose artifact is gone, as a later one took its
    place, is without it."""
    large = transition.after.plan is not None and len(transition.after.plan.steps) > SMALL
    about = (transition.before, transition.commit, transition.after, transition.seq)
    reader = Reader(contents)
    for piece in await asyncio.to_thread(frames_of, *about) if large else frames_of(*about):
        frame = await reader.made(piece.frame) if isinstance(piece.frame, Content) else piece.frame
        if frame is not None:
            yield (transition.seq, piece.n), frame


class Reader:
    """Makes the frames that tell what artifacts say; of several on one artifact it is read once."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._last: tuple[ObjectRef, Artifact | None] | None = None

    async def made(self, wanted: Content) -> f.Frame | None:
        """The frame, or None where there is nothing to say. Raises `StoreUnavailable`."""
        return wanted.make(*[await self._artifact(ref, phase) for ref, phase in wanted.refs])

    async def _artifact(self, ref: ObjectRef, phase: Phase) -> Artifact | None:
        if self._last is not None and self._last[0] == ref:
            return self._last[1]
        artifact: Artifact | None = None
        try:
            artifact = await self._contents.artifact(ref, phase)
        except ObjectMissing:
            pass
        except (ObjectCorrupt, Malformed) as error:
            _log.error("an artifact cannot be shown", key=ref.key, error=str(error))
        self._last = (ref, artifact)
        return artifact


class Hub:
    """Every channel."""

    def __init__(self, contents: Contents, batch_of: Callable[[str], str | None]) -> None:
        self._contents = contents
        self._batch_of = batch_of
        self._channels: dict[str, Channel] = {}

    @property
    def sockets(self) -> int:
        """How many listen."""
        return sum(len(channel.subscribers) for channel in self._channels.values())

    def subscribe(self, batch_id: str, subscriber: Subscriber) -> None:
        """Give a subscriber the batch's frames from here on."""
        channel = self._channels.get(batch_id)
        if channel is None:
            channel = self._channels[batch_id] = Channel(self._contents)
        channel.subscribers.add(subscriber)

    def unsubscribe(self, batch_id: str, subscriber: Subscriber) -> None:
        """No more frames."""
        channel = self._channels.get(batch_id)
        if channel is None:
            return
        channel.subscribers.discard(subscriber)
        if not channel.subscribers:
            del self._channels[batch_id]
            channel.close()

    def publish(self, transition: Transition) -> None:
        """A commit of a watched session."""
        channel = self._channels.get(transition.after.batch_id)
        if channel is not None:
            channel.publish(transition)

    def told(self, subject: str, data: bytes) -> None:
        """What a worker said on PROGRESS: `….progress.<session>.<node>`."""
        session_id, token = subject.rsplit(".", 2)[-2:]
        batch_id = self._batch_of(session_id)
        channel = self._channels.get(batch_id) if batch_id is not None else None
        if channel is None or batch_id is None:
            return
        try:
            frame = f.LIVE.validate_json(data)
        except ValidationError as error:
            _log.debug("progress cannot be read", error=str(error))
            return
        about = {"batch_id": batch_id, "session_id": session_id, "node": frame.node or from_token(token)}
        told = Packed(frame.model_copy(update=about))
        for subscriber in channel.subscribers:
            subscriber.live(told)

    def reset(self) -> None:
        """Positions mean nothing any more: every socket begins anew."""
        for channel in self._channels.values():
            channel.overflow()
