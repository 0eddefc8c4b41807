"""A decision in the making: the events so far, and the state after them."""

from datetime import datetime

from reprise_contracts import events as e
from reprise_contracts.commands import Command
from reprise_contracts.problems import Problem
from reprise_contracts.refusals import ENDED, REUSED
from reprise_domain.reduce import reduce
from reprise_domain.state import Session


class Draft:
    """What the deciders write on. A session is there in all of them but the one that creates it."""

    def __init__(self, session: Session | None, now: datetime) -> None:
        self.maybe = session
        self.now = now
        self.events: list[e.SessionEvent] = []

    @property
    def session(self) -> Session:
        """The state after the events so far."""
        assert self.maybe is not None  # noqa: S101  # every decider but the first runs on a session
        return self.maybe

    def say(self, event: e.SessionEvent) -> None:
        """One more event."""
        self.events.append(event)
        self.maybe = reduce(self.maybe, event, self.now)

    def refuse(self, command: Command, problem: Problem) -> None:
        """A command that is not done, and why: a decision like any other (R16)."""
        self.say(e.CommandRefused.model_validate(command.honoured() | {"kind": type(command).__name__.lower(), "problem": problem}))

    def takes(self, command: Command) -> bool:
        """R16, R24: whether a command is to be decided. A repeat is answered from the log; another body under its id is refused."""
        known = self.session.commands.get(command.command_id)
        if known is None and not self.session.ended:
            return True
        if known is None:
            self.refuse(command, ENDED)
        elif known.fingerprint != command.fingerprint():
            self.refuse(command, REUSED)
        return False
