"""R29: ceilings of tokens, for a run and for a session. At one nothing more begins; what is there stays and can be gone on from."""

from reprise_contracts.problems import Problem
from reprise_contracts.refusals import over_budget
from reprise_domain.state import Session


def _ceilings(session: Session) -> list[tuple[int, int, str]]:
    """Each ceiling with what is spent of it and what it is for."""
    run = session.run
    found = [(run.spec.options.max_tokens, run.spent, "run")] if run else []
    found.append((session.max_tokens, session.spent, "session"))
    return [(ceiling, spent, scope) for ceiling, spent, scope in found if ceiling]


def allowance(session: Session) -> int | None:
    """Tokens that an attempt may still spend; None without a ceiling. What runs beside it may have spent them first."""
    return min((max(ceiling - spent, 0) for ceiling, spent, _ in _ceilings(session)), default=None)


def exhausted(session: Session) -> Problem | None:
    """Why nothing more begins; None while there is something left."""
    return next((over_budget(ceiling, scope) for ceiling, spent, scope in _ceilings(session) if spent >= ceiling), None)
