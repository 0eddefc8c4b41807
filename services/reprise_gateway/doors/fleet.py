"""`GET /sessions`: every session that there is, by what is said of it."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from reprise_contracts.commands import SessionTag
from reprise_contracts.fleet import Age, SessionFilter, SessionPage, SessionState
from reprise_gateway.doors.dependencies import PROBLEM, GatewayDep, Who, json_answer

router = APIRouter(tags=["sessions"], responses=PROBLEM)


@router.get("/sessions", response_model=SessionPage)
async def sessions_page(
    gateway: GatewayDep,
    who: Who,
    state: SessionState | None = None,
    tag: SessionTag | None = None,
    older_than: Annotated[Age, Query(description="Nothing has happened to it for 30m, 6h or 7d.")] = "",
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    q: Annotated[str, Query(max_length=200, description="Words of its topic, or its id.")] = "",
    *,
    stale: Annotated[
        bool, Query(description="Something of it is out of date; with `failed`: either.")
    ] = False,
    failed: Annotated[bool, Query(description="Something of it has failed.")] = False,
) -> Response:
    """Sessions of all batches, those in which something happened last first."""
    wanted = SessionFilter(state=state, stale=stale, failed=failed, tag=tag, q=q, older_than=older_than)
    return json_answer(await gateway.batches.sessions(wanted, after=after, limit=limit))
