"""A typed client for other systems, synchronous and asynchronous.

Its calls are those of `reprise_contracts.calls`; answers are models of the contract, problems exceptions
with the contract's problem in them. What can be rerun is said by the contract's own bodies:

    with Client("http://127.0.0.1:8080") as client:
        asked = RestartPhase(session_id=session, phase="phase2")
        preview = client.preview(asked)
        receipt = client.run(asked, preview)
        outcome = client.wait(session, receipt.command_id)
"""

from reprise_client.async_client import AsyncClient
from reprise_client.bodies import (
    Options,
    RefreshCall,
    ReportOptions,
    RestartPhase,
    RestartStep,
    Search,
    SourceInput,
    StartOptions,
    WatchRequest,
)
from reprise_client.client import Client
from reprise_client.errors import (
    BatchEnded,
    CallFailed,
    CommandReused,
    Conflict,
    FeatureOff,
    Forbidden,
    InputsMissing,
    Invalid,
    InvalidArgument,
    NodeLocked,
    NoServer,
    NotFound,
    PlanChanged,
    RateLimited,
    Refused,
    SessionBusy,
    StepObsolete,
    StepUnknown,
    TimedOut,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnexpectedAnswer,
)

__all__ = [
    "AsyncClient",
    "BatchEnded",
    "CallFailed",
    "Client",
    "CommandReused",
    "Conflict",
    "FeatureOff",
    "Forbidden",
    "InputsMissing",
    "Invalid",
    "InvalidArgument",
    "NoServer",
    "NodeLocked",
    "NotFound",
    "Options",
    "PlanChanged",
    "RateLimited",
    "RefreshCall",
    "Refused",
    "ReportOptions",
    "RestartPhase",
    "RestartStep",
    "Search",
    "SessionBusy",
    "SourceInput",
    "StartOptions",
    "StepObsolete",
    "StepUnknown",
    "TimedOut",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "UnexpectedAnswer",
    "WatchRequest",
]
