"""What the stories of this folder begin with and look at."""

from uuid import uuid4

from reprise_contracts.events import NodeQueued
from reprise_domain.state import Session
from reprise_gateway.projections.states import command_of, state_of
from stack import Caller, until


def fresh(session: Session) -> set[str | None]:
    return {view.freshness for view in state_of(session).nodes.values()}


async def done(caller: Caller, session: str, name: str, seconds: float = 60) -> Session:
    """The session once a command has come to its end."""

    async def ended() -> Session | None:
        state = await caller.session(session)
        outcome = command_of(state, name) if state else None
        return (
            state if outcome and outcome.status in {"completed", "failed", "cancelled", "refused"} else None
        )

    return await until(ended, seconds, name)


async def begun(caller: Caller, topic: str, **spec: object) -> tuple[str, str]:
    return await caller.begin(f"t-{uuid4().hex}", topic, **spec)


async def researched(caller: Caller, topic: str = "steps=3", **spec: object) -> tuple[str, str]:
    batch, session = await begun(caller, topic, **spec)
    await caller.at_rest(session)
    return batch, session


async def ran_after(caller: Caller, session: str, seq: int) -> list[str]:
    entries = await caller.log.read(session, after=seq)
    return [
        event.node
        for entry in entries
        for event in entry.commit.events
        if isinstance(event, NodeQueued) and event.attempt == 1
    ]
