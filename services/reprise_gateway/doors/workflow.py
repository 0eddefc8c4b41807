"""`/workflow`: run again, refresh, accept, cancel."""

from typing import TypeVar

from fastapi import APIRouter
from starlette.responses import Response

from reprise_contracts.commands import AcceptCall, CancelCall, RefreshCall, RestartPhase, RestartStep, SessionCall
from reprise_contracts.states import Preview, Receipt
from reprise_gateway.doors.dependencies import PROBLEM, GatewayDep, Key, Who, one_name, outcome
from reprise_gateway.doors.requests import exactly

router = APIRouter(
    prefix="/workflow", tags=["workflow"], responses=PROBLEM | {200: {"model": Preview, "description": "What a `dry_run` would do."}}
)
S = TypeVar("S", bound=SessionCall)


def _keyed(call: S, key: str | None) -> S:
    return call.model_copy(update={"command_id": one_name(call.command_id, key)})


@router.post("/restart/phase", status_code=202, response_model=Receipt, dependencies=[exactly(RestartPhase)])
async def restart_phase(call: RestartPhase, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Run a phase again; phase0 starts a session that was not started."""
    return outcome(await gateway.service.rerun_phase(_keyed(call, key), who))


@router.post("/restart/step", status_code=202, response_model=Receipt, dependencies=[exactly(RestartStep)])
async def restart_step(call: RestartStep, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Run steps again, one or many."""
    return outcome(await gateway.service.rerun_step(_keyed(call, key), who))


@router.post("/refresh", status_code=202, response_model=Receipt, dependencies=[exactly(RefreshCall)])
async def refresh(call: RefreshCall, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Run everything that is stale or not completed, and nothing else."""
    return outcome(await gateway.service.refresh(_keyed(call, key), who))


@router.post("/accept", status_code=202, response_model=Receipt, dependencies=[exactly(AcceptCall)])
async def accept(call: AcceptCall, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """A stale node is good enough for today's inputs."""
    return outcome(await gateway.service.accept(_keyed(call, key), who))


@router.post("/cancel", status_code=202, response_model=Receipt, dependencies=[exactly(CancelCall)])
async def cancel(call: CancelCall, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Stop a run, a phase, a step, or all of the session."""
    return outcome(await gateway.service.cancel(_keyed(call, key), who))
