"""The composition root: two services and what they hand over."""

from collections.abc import Mapping
from functools import partial

from reprise_orchestrator import app as orchestrator
from reprise_runtime.handover import Handover
from reprise_runtime.operate.together import Main
from reprise_runtime.roles import ORCHESTRATOR, SCHEDULER
from reprise_scheduler import app as scheduler


def services() -> Mapping[str, Main]:
    """The mains of the process by their roles."""
    handover = Handover()
    return {
        ORCHESTRATOR: partial(orchestrator.run, handover=handover),
        SCHEDULER: partial(scheduler.run, handover=handover),
    }
