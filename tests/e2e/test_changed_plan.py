"""What a dialog promised is what happens: where the session has changed since, it says so and shows what
would happen now."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site, until

Open = Callable[..., Page]
CHANGED = "The session has changed since"


@pytest.fixture
def session(site: Site) -> str:
    return site.finished(TOPIC, TEXTS)[1]


def meanwhile(site: Site, session: str) -> None:
    """Someone else reruns two steps alone, so that what is below them becomes out of date."""
    site.rerun_alone(session, {1: "Only what the engineers say.", 2: "Only what the engineers say."})


def opened(page: Page) -> tuple[Locator, Locator]:
    """The dialog for step 3, and what it says will happen."""
    page.get_by_role("button", name="Rerun: step 3", exact=True).click()
    dialog = page.get_by_role("dialog")
    return dialog, dialog.get_by_role("region", name="What will happen")


def test_an_open_dialog_follows_the_session_and_says_that_it_does(
    open_page: Open, accessible: Callable[[Page], None], site: Site, session: str
) -> None:
    page = open_page(f"/app/sessions/{session}")
    dialog, foretold = opened(page)
    expect(foretold).to_contain_text("Kept")
    before = foretold.inner_text()
    assert CHANGED not in dialog.inner_text()
    meanwhile(site, session)
    expect(dialog.get_by_role("alert")).to_contain_text(CHANGED)
    assert foretold.inner_text() != before
    accessible(page)
    dialog.get_by_role("button", name="Rerun", exact=True).click()
    expect(dialog).to_have_count(0)


def test_a_command_for_a_plan_that_has_changed_is_refused_and_the_new_plan_is_shown(
    open_page: Open, accessible: Callable[[Page], None], site: Site, session: str
) -> None:
    """The page has not heard of the change: its frames are held back here, as on a bad line. The server
    refuses, nothing runs."""
    page = open_page("/app/help")
    held: list[bool] = []

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda frame: None if held else socket.send(frame))

    page.route_web_socket("**/ws/**", between)
    page.goto(f"/app/sessions/{session}")
    expect(page.get_by_role("region", name="How it stands")).to_contain_text("Everything is up to date")
    dialog, foretold = opened(page)
    expect(foretold).to_contain_text("Kept")
    expect(dialog.get_by_role("button", name="Rerun", exact=True)).to_be_enabled()
    held.append(True)
    before = foretold.inner_text()
    meanwhile(site, session)
    seq = site.state(session)["nodes"]["phase3/3"]["generation"]
    dialog.get_by_role("button", name="Rerun", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text(CHANGED)
    until(lambda: page.evaluate("1") and foretold.inner_text() != before)
    assert site.state(session)["nodes"]["phase3/3"]["generation"] == seq
    accessible(page)
    held.clear()
    dialog.get_by_role("button", name="Rerun", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("status", name="Commands")).to_contain_text(
        re.compile("Rerun of step 3: (done|running|accepted)")
    )
    until(lambda: site.state(session)["nodes"]["phase3/3"]["generation"] > seq)
