"""Who is let in, as what, for how long and how often."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute
from websockets.exceptions import InvalidStatus

from reprise_gateway.access.access import Access, Caller
from reprise_gateway.access.rates import RateLimited, Rates
from reprise_gateway.access.tickets import Tickets
from reprise_gateway.doors.dependencies import READING, known_caller
from reprise_runtime.errors import Refused
from reprise_runtime.settings import Auth, Settings
from reprise_runtime.testing import MemoryBus
from reprise_runtime.tokens import digest, exposure_problem, make
from unit.gateway.gateway_site import settings_with, token_of

OPEN = {"/healthz", "/readyz"}
AT = datetime(2026, 1, 1, tzinfo=UTC)


def auth(**tokens: Any) -> Auth:
    return Auth(tokens={name: token_of(token) for name, token in tokens.items()})


def given(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def problem(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.problem.type


def test_a_token_is_known_by_its_hash_alone() -> None:
    """What is configured does not open anything, and neither does anything near the token."""
    token = make()
    access = Access(auth(alice=token), Tickets(MemoryBus(), lambda: AT))
    assert access.caller(given(token)).name == "alice"
    for wrong in (
        digest(token),
        digest(token).removeprefix("sha256:"),
        token[:-1],
        token + "x",
        token.upper(),
        "",
        " ",
        "\x00",
    ):
        with pytest.raises(Refused) as refused:
            access.caller(given(wrong))
        assert problem(refused) == "unauthenticated"
    for header in (token, f"Basic {token}", f"Bearer{token}"):
        with pytest.raises(Refused):
            access.caller({"authorization": header})


def test_a_token_ends_at_its_time() -> None:
    clock = [AT]
    token = {"token": "t", "expires": AT + timedelta(days=1)}
    access = Access(auth(alice=token), Tickets(MemoryBus(), lambda: clock[0]), clock=lambda: clock[0])
    assert access.caller(given("t")).expires == AT + timedelta(days=1)
    clock[0] += timedelta(days=1)
    with pytest.raises(Refused, match="expired"):
        access.caller(given("t"))


async def test_a_ticket_opens_once_within_its_time_at_any_gateway() -> None:
    """Of two gateways that are shown the same ticket at the same moment one lets it in."""
    clock, bus = [AT], MemoryBus()
    here, there = Tickets(bus, lambda: clock[0]), Tickets(bus, lambda: clock[0])
    ticket = await here.issue("alice")
    answers = await asyncio.gather(here.redeem(ticket), there.redeem(ticket), return_exceptions=True)
    assert sorted(answer if isinstance(answer, str) else type(answer).__name__ for answer in answers) == [
        "Refused",
        "alice",
    ]
    late = await here.issue("alice")
    clock[0] += timedelta(seconds=30)
    for bad in (ticket, late, "A" * 43, "", "x.y", ticket + "=", ticket + ".>", ">", "*", "../" * 14 + "x"):
        with pytest.raises(Refused) as refused:
            await there.redeem(bad)
        assert problem(refused) == "unauthenticated"
    assert not any(
        ticket.encode() in kept.data or ticket in kept.subject for kept in bus.messages("TICKETS")
    ), "kept by its hash"


def test_each_role_includes_those_before_it() -> None:
    allowed = {
        role: [wish for wish in ("viewer", "researcher", "operator") if may(role, wish)]
        for role in ("viewer", "researcher", "operator")
    }
    assert allowed == {
        "viewer": ["viewer"],
        "researcher": ["viewer", "researcher"],
        "operator": ["viewer", "researcher", "operator"],
    }


def may(own: Any, wish: Any) -> bool:
    try:
        Caller(role=own).needs(wish)
    except Refused as refused:
        assert refused.problem.type == "forbidden"
        return False
    return True


def test_nats_is_trusted_unless_it_is_told_not_to_be() -> None:
    """A caller without a token is whoever the NATS server let in; one with a token is its holder; a wrong
    token is never let in."""
    token = {"token": "t", "role": "viewer"}
    trusting = Access(auth(alice=token), Tickets(MemoryBus(), lambda: AT))
    assert trusting.caller({}, "NATS").name == "user"
    assert (trusting.caller(given("t"), "NATS").name, trusting.caller(given("t"), "NATS").role) == (
        "alice",
        "viewer",
    )
    strict = Access(auth(alice=token).model_copy(update={"nats": "token"}), Tickets(MemoryBus(), lambda: AT))
    for access, headers in ((trusting, given("wrong")), (strict, {}), (strict, given("wrong"))):
        with pytest.raises(Refused):
            access.caller(headers, "NATS")


def test_without_tokens_only_this_machine_may_reach_the_gateway() -> None:
    assert not any(exposure_problem(Auth(), host) for host in ("127.0.0.1", "::1", "localhost", "127.9.9.9"))
    assert all(
        "reprise token" in exposure_problem(Auth(), host)
        for host in ("0.0.0.0", "::", "10.0.0.1", "example.org", "")  # noqa: S104
    )
    assert not exposure_problem(auth(alice="t"), "0.0.0.0")  # noqa: S104


async def test_every_route_asks_who_calls_and_roles_hold_on_each(make_site: Any) -> None:
    """A viewer is refused by every route that changes something, before its body is read; nobody by none but
    the probes."""
    site = await make_site(settings_with(tokens={"vera": {"token": "v", "role": "viewer"}}))
    async with site.client() as nobody, site.client(**given("v")) as viewer:
        for route in site.app.routes:
            if not isinstance(route, APIRoute) or route.path in OPEN or route.path == "/":
                continue
            asked = {dependency.call for dependency in _all(route.dependant)}
            assert known_caller in asked, route.path
            for method in route.methods:
                path = route.path.format(
                    **{name: "phase1" if name == "phase" else "1" for name in route.param_convertors}
                )
                answer = await nobody.request(method, path, content=b"{")
                assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated"), (
                    method,
                    path,
                )
                if method not in READING and route.path != "/ws-ticket":
                    answer = await viewer.request(method, path, json={})
                    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden"), (
                        method,
                        path,
                        answer.text,
                    )


def _all(dependant: Any) -> list[Any]:
    return [dependant, *(found for inner in dependant.dependencies for found in _all(inner))]


async def test_a_viewer_watches_but_commands_nothing(make_site: Any) -> None:
    site = await make_site(
        settings_with(tokens={"vera": {"token": "v", "role": "viewer"}, "rob": "r"}), serve=True
    )
    async with site.client(**given("r")) as http:
        batch_id, session_id = await site.finished(http)
    async with site.watching(batch_id, Authorization="Bearer v") as client:
        await client.until("snapshot")
        await client.ask(type="restart_phase", session_id=session_id, phase="phase4", command_id="c-1")
        assert (await client.until("answer"))["problem"]["type"] == "/problems/forbidden"
    async with site.watching(batch_id, Authorization="Bearer r") as client:
        await client.until("snapshot")
        await client.ask(type="restart_phase", session_id=session_id, phase="phase4", command_id="c-2")
        assert (await client.until("answer"))["run_id"]


async def test_a_socket_ends_with_its_token(make_site: Any) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=1.5)
    site = await make_site(settings_with(tokens={"rob": {"token": "r", "expires": ends}}), serve=True)
    async with site.client(**given("r")) as http:
        batch_id, _ = await site.start(http)
    async with site.watching(batch_id, Authorization="Bearer r") as client:
        await client.until("snapshot")
        await asyncio.wait_for(client.socket.wait_closed(), 5)
        assert client.socket.close_code == 4001


def test_a_bucket_is_filled_at_its_rate_and_no_higher_than_its_burst() -> None:
    clock = [0.0]
    rates = Rates(2.0, 3, clock=lambda: clock[0])
    for _ in range(3):
        rates.take("a")
    with pytest.raises(RateLimited) as limited:
        rates.take("a")
    assert limited.value.seconds == 1
    rates.take("b")
    clock[0] += 0.5
    rates.take("a")
    clock[0] += 100
    for _ in range(3):
        rates.take("a")
    with pytest.raises(RateLimited):
        rates.take("a")


async def test_who_asks_too_much_is_told_when_to_come_back_and_others_are_not_held_up(make_site: Any) -> None:
    tokens = {"alice": "a", "bob": "b"}
    limits = {"requests_per_second": 0.5, "requests_burst": 3}
    site = await make_site(settings_with(tokens=tokens, limits=limits), serve=True)
    async with site.client(**given("a")) as alice, site.client(**given("b")) as bob, site.client() as nobody:
        batch_id, _ = await site.start(bob)
        assert [(await alice.get("/config")).status_code for _ in range(4)] == [200, 200, 200, 429]
        answer = await alice.get("/config")
        assert answer.headers["content-type"] == "application/problem+json"
        assert (
            answer.json()["type"] == "/problems/rate_limited" and 1 <= int(answer.headers["retry-after"]) <= 2
        )
        assert (await bob.get("/config")).status_code == 200
        assert [(await nobody.get("/config")).status_code for _ in range(4)] == [401, 401, 401, 429]
        assert (await nobody.get("/healthz")).status_code == 200, "a probe is not counted"
        with pytest.raises(InvalidStatus) as refused:
            async with site.watching(batch_id, Authorization="Bearer a"):
                pass
        assert refused.value.response.status_code == 429 and "retry-after" in refused.value.response.headers


async def test_a_gateway_has_only_so_many_sockets(make_site: Any) -> None:
    site = await make_site(settings_with(limits={"sockets": 1}), serve=True)
    async with site.client() as http:
        batch_id, _ = await site.start(http)
    async with site.watching(batch_id) as client:
        await client.until("snapshot")
        with pytest.raises(InvalidStatus) as refused:
            async with site.watching(batch_id):
                pass
        assert refused.value.response.status_code == 503


async def test_a_body_of_nobody_is_not_read(make_site: Any, settings_of: Any) -> None:
    """However large it says it is, the answer is 401 at once."""
    site = await make_site(settings_of(tokens={"alice": "a"}))

    async def endless() -> Any:
        for _ in range(1000):
            yield b"x" * 65536
        raise AssertionError("all of it was read")

    async with site.client() as nobody:
        answer = await nobody.post(
            "/workflow/refresh", content=endless(), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 401


def test_the_settings_say_nothing_of_tokens_but_hashes() -> None:
    settings: Settings = settings_with(tokens={"alice": "secret-a"})
    assert "secret-a" not in str(settings.public())
