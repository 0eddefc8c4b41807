"""Where tokens are configured: who has none signs in, and sees only what a holder of that role can use."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site

Open = Callable[..., Page]
Check = Callable[[Page], None]
ROLES = {"olga": "operator", "rita": "researcher", "vera": "viewer"}
"""Each holder's token is its name."""
CHANGING = re.compile(
    "^(Rerun|Retry|Update|Cancel|Edit|End|Delete|Accept|Add|Replace|Remove|Fork|New session)"
)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A stack that wants to know who calls."""
    site = Site(tmp_path_factory.mktemp("closed"), ROLES)
    yield site
    site.end()


@pytest.fixture(scope="module")
def session(closed: Site) -> str:
    """A session with a result that is out of date, so that every button has a reason to be there."""
    _, session_id = closed.finished(TOPIC, TEXTS)
    closed.rerun_alone(session_id, {1: "Only what the engineers say."})
    return session_id


def sign_in(open_page: Open, closed: Site, name: str, path: str, **look: object) -> Page:
    """A page on which someone has signed in."""
    page = open_page(path, at=closed.url, **look)
    page.get_by_label("Token").fill(name)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Token")).to_have_count(0)
    return page


def test_a_wrong_token_is_refused_and_a_right_one_opens_the_live_session(
    open_page: Open, accessible: Check, closed: Site, session: str
) -> None:
    """The page then follows over a WebSocket, which a ticket opens; what is done here is told as done in the
    web app."""
    page = open_page(f"/app/sessions/{session}", at=closed.url)
    tickets: list[str] = []
    page.on("websocket", lambda socket: tickets.append(socket.url))
    accessible(page)
    page.get_by_label("Token").fill("nobody")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("does not know this token")
    accessible(page)
    page.get_by_label("Token").fill("rita")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TOPIC)
    body = {"session_id": session, "step_ids": [2], "options": {"propagation": "mark_stale"}}
    closed.http.post(
        "/workflow/restart/step", json=body
    ).raise_for_status()  # by someone else: only the socket tells of it
    expect(page.get_by_role("article", name=re.compile("^2 "))).to_contain_text("Unchanged")
    assert "ticket=" in tickets[0] and "rita" not in tickets[0]
    page.get_by_role("button", name="Rerun: step 3", exact=True).click()
    page.get_by_role("dialog").get_by_role("radio", name="Only this").check()
    page.get_by_role("dialog").get_by_role("button", name="Rerun", exact=True).click()
    expect(page.get_by_role("status", name="Commands")).to_contain_text("Rerun of step 3: done")
    page.get_by_role("link", name="Timeline").click()
    story = page.get_by_role("region", name="Timeline")
    expect(story).to_contain_text("Rita via the web app asked to")
    expect(story).to_contain_text("Olga via REST asked to")


def test_a_ticket_opens_one_socket_only(closed: Site, open_page: Open, session: str) -> None:
    page = sign_in(open_page, closed, "vera", f"/app/sessions/{session}")
    ticket = closed.http.post("/ws-ticket").raise_for_status().json()["ticket"]
    batch_id = closed.state(session)["batch_id"]
    connect = """([batch, ticket]) => new Promise((done) => {
      const socket = new WebSocket(`ws://${location.host}/ws/${batch}?ticket=${ticket}`);
      socket.onmessage = (event) => { done(JSON.parse(event.data).type); socket.close(); };
      socket.onclose = () => done("closed");
    })"""
    assert page.evaluate(connect, [batch_id, ticket]) == "connected"
    assert page.evaluate(connect, [batch_id, ticket]) != "connected"


@pytest.mark.parametrize(
    "look", [{"width": 1440}, {"width": 390, "scheme": "dark"}], ids=["wide-light", "phone-dark"]
)
def test_a_viewer_sees_everything_and_is_offered_nothing_that_is_refused(
    open_page: Open, accessible: Check, closed: Site, session: str, look: dict[str, object]
) -> None:
    page = sign_in(open_page, closed, "vera", "/", **look)
    expect(page.get_by_role("heading", level=1)).to_have_text("You may look")
    accessible(page)
    paths = [
        "/app/batches",
        "/app/workers",
        *(
            f"/app/sessions/{session}{part}"
            for part in ("", "/sources", "/goals", "/plan", "/steps/1", "/report")
        ),
    ]
    for path in paths:
        page.evaluate(
            "(path) => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }",
            path,
        )
        expect(page.locator("main")).to_contain_text(re.compile("Prepare the sources|" + re.escape(TOPIC)))
        expect(page.locator("main [aria-busy=true]")).to_have_count(0)
        assert page.get_by_role("button", name=CHANGING).count() == 0, path
        assert page.get_by_role("checkbox").count() == 0, path
        accessible(page)
    expect(page.get_by_role("region", name="Outdated report")).to_contain_text("It does not know yet")


def test_an_operator_pauses_a_pool_and_resumes_it(open_page: Open, accessible: Check, closed: Site) -> None:
    """A researcher sees the pools and no such button."""
    page = sign_in(open_page, closed, "olga", "/app/workers")
    pool = page.get_by_role("listitem").filter(
        has=page.get_by_role("heading", name=re.compile("^Discover goals"))
    )
    pool.get_by_role("button", name="Pause: Discover goals").click()
    expect(pool).to_contain_text("Paused")
    accessible(page)
    stood = {pool["phase"]: pool["state"] for pool in closed.http.get("/workers").raise_for_status().json()}
    assert stood.pop("phase1") == "paused" and set(stood.values()) == {"running"}
    pool.get_by_role("button", name="Resume: Discover goals").click()
    expect(pool.get_by_role("button", name="Drain: Discover goals")).to_be_visible()
    pool.get_by_role("button", name="Drain: Discover goals").click()
    expect(pool).to_contain_text(re.compile("Takes no more|Finishing"))
    pool.get_by_role("button", name="Resume: Discover goals").click()
    expect(pool).not_to_contain_text(re.compile("Takes no more|Finishing"))
    page.get_by_role("button", name="Sign out").click()
    page.goto("/app/workers")
    page.get_by_label("Token").fill("rita")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Discover goals")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^(Pause|Drain|Resume)"))).to_have_count(0)
