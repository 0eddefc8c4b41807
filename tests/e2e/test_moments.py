"""States that pass: at work with a queue, cancelling, offline, refused, just done. Each is told apart, once,
and covers nothing."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site
from e2e.stage import ALOUD, ENDLESS

Open = Callable[..., Page]
Check = Callable[[Page], None]
WIDTHS = [pytest.param(1440, id="wide"), pytest.param(390, id="phone")]


@pytest.fixture
def session(site: Site) -> str:
    return site.finished(TOPIC, TEXTS)[1]


def how(page: Page) -> Locator:
    return page.get_by_role("region", name="How it stands")


def first_step(page: Page) -> Locator:
    return page.get_by_role("article", name=re.compile("^1 "))


def commands(page: Page) -> Locator:
    return page.get_by_role("status", name="Commands")


class Line:
    """The page's socket, which a test can make deaf or cut."""

    def __init__(self, page: Page) -> None:
        self.deaf = False
        self.cut = False
        self._sockets: list[WebSocketRoute] = []
        page.route_web_socket("**/ws/**", self._between)

    def _between(self, socket: WebSocketRoute) -> None:
        if self.cut:
            socket.close()
            return
        server = socket.connect_to_server()
        server.on_message(lambda frame: None if self.deaf else socket.send(frame))
        self._sockets.append(socket)

    def break_off(self) -> None:
        self.cut = True
        for socket in self._sockets:
            socket.close()


def test_a_session_at_work_with_a_queue(open_page: Open, accessible: Check, site: Site, session: str) -> None:
    """Running, queued with its place, and a model's words as they come; first on a phone."""

    def rerun(path: str, guidance: str, **target: object) -> None:
        options = {"guidance": guidance, "propagation": "mark_stale"}
        site.http.post(
            f"/workflow/restart/{path}", json={"session_id": session, "options": options, **target}
        ).raise_for_status()

    page = open_page(f"/app/sessions/{session}", width=390, motion="no-preference")
    rerun("step", ENDLESS, step_ids=[1])
    expect(first_step(page)).to_contain_text("Running")
    rerun("phase", ALOUD, phase="phase4")
    expect(page.get_by_role("listitem").filter(has_text="Write the report")).to_contain_text("Queued: no. 1")
    accessible(page)
    site.http.post("/workflow/cancel", json={"session_id": session, "step_id": 1}).raise_for_status()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.get_by_role("complementary", name="Written now")).to_contain_text("The tide The tide")
    accessible(page)
    page.get_by_role("button", name="Cancel: everything that runs or waits").click()
    expect(how(page)).not_to_contain_text("Running")
    accessible(page)


def test_cancelling_is_told_apart_for_as_long_as_the_worker_has_not_stopped(
    open_page: Open, accessible: Check, site: Site, session: str
) -> None:
    """Its worker stands still, so that it takes its time. Who wants no motion sees none."""
    body = {
        "session_id": session,
        "step_ids": [1],
        "options": {"guidance": ENDLESS, "propagation": "mark_stale"},
    }
    wide, phone = (open_page(f"/app/sessions/{session}", width=width) for width in (1440, 390))
    site.http.post("/workflow/restart/step", json=body).raise_for_status()
    step = first_step(wide)
    expect(step).to_contain_text("Running")
    assert wide.evaluate("document.getAnimations().length") == 0
    with site.frozen("worker-phase3"):
        step.get_by_role("button", name="Cancel: step 1").click()
        for page in (wide, phone):
            expect(how(page)).to_contain_text("Cancelling")
            expect(first_step(page)).to_contain_text("Cancelling")
            accessible(page)
    expect(step).to_contain_text("Cancelled")
    for page in (wide, phone):
        accessible(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_that_is_offline_says_since_when_and_goes_on_where_it_stood(
    open_page: Open, accessible: Check, site: Site, session: str, width: int
) -> None:
    page = open_page("/app/help", width=width)
    line = Line(page)
    page.goto(f"/app/sessions/{session}")
    expect(how(page)).to_contain_text("Everything is up to date")
    line.break_off()
    expect(page.get_by_text(re.compile(r"Offline. This page is as of \d\d:\d\d"))).to_be_visible()
    accessible(page)
    body = {"session_id": session, "step_ids": [1], "options": {"propagation": "mark_stale"}}
    site.http.post("/workflow/restart/step", json=body).raise_for_status()
    site.at_rest(session)
    expect(first_step(page)).not_to_contain_text("Unchanged")
    line.cut = False
    page.get_by_role("button", name="Try now").press("Enter")
    expect(page.get_by_text("Offline.")).to_have_count(0)
    expect(first_step(page)).to_contain_text("Unchanged")


def test_a_machine_without_a_network_still_has_its_own_server(open_page: Open, session: str) -> None:
    """`reprise up` on a train: the browser says that it is offline, and the server is this machine."""
    page = open_page(f"/app/sessions/{session}")
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    parts = page.get_by_role("navigation", name="Parts of the research")
    parts.get_by_role("link", name="Sources", exact=True).click()
    expect(page.get_by_role("heading", name="The harbour", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_refusal_is_told_once_where_the_command_was_given(
    open_page: Open, accessible: Check, site: Site, width: int
) -> None:
    """By the dialog while it is open; by the list of commands where there is none. The page has not heard
    that the batch has ended."""
    batch_id, session = site.finished(TOPIC, TEXTS)
    page = open_page("/app/help", width=width)
    line = Line(page)
    page.goto(f"/app/sessions/{session}")
    page.get_by_role("button", name="Rerun: step 1", exact=True).click()
    page.get_by_label("Guidance").fill(ENDLESS)
    page.get_by_role("dialog").get_by_role("button", name="Rerun", exact=True).click()
    expect(first_step(page)).to_contain_text("Running")
    page.get_by_role("button", name="Rerun: step 2", exact=True).click()
    dialog = page.get_by_role("dialog")
    send = dialog.get_by_role("button", name="Rerun", exact=True)
    expect(send).to_be_enabled()
    line.deaf = True
    site.http.post(f"/batches/{batch_id}/end").raise_for_status()
    send.click()
    expect(dialog.get_by_role("alert")).to_contain_text("The session was ended")
    expect(page.get_by_text(re.compile("session was ended"))).to_have_count(1)
    accessible(page)
    dialog.get_by_role("button", name="Not now").click()
    page.get_by_role("button", name="Cancel: step 1").click()
    expect(commands(page)).to_contain_text(re.compile("Cancel step 1: refused.*The session was ended"))
    expect(page.get_by_role("button", name="Cancel: step 1")).to_be_enabled()
    accessible(page)
    commands(page).get_by_role("button").click()
    expect(page.get_by_role("dialog", name="Commands")).to_contain_text("The session was ended")
    accessible(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_told_of_a_command_stays_in_sight_and_covers_nothing(
    open_page: Open, accessible: Check, session: str, width: int
) -> None:
    """The bar has it, at every place of the page; what is below begins below it."""
    page = open_page(f"/app/sessions/{session}", width=width, height=700)
    page.get_by_role("button", name="Rerun: goals").click()
    page.get_by_role("dialog").get_by_role("button", name="Rerun", exact=True).click()
    expect(commands(page)).to_contain_text("Rerun of the goals: done")
    page.mouse.move(width / 2, 400)
    page.mouse.wheel(0, 10_000)
    last = page.get_by_role("article").last.get_by_role("button", name=re.compile("^Rerun"))
    expect(last).to_be_in_viewport()
    page.wait_for_function("() => scrollY + innerHeight >= document.documentElement.scrollHeight - 1")
    expect(how(page)).to_be_in_viewport(ratio=1)
    button, bar = last.bounding_box(), how(page).bounding_box()
    assert button and bar
    assert button["y"] >= bar["y"] + bar["height"]
    accessible(page)


def test_steps_are_rerun_explained_and_brought_up_to_date_by_keyboard_alone(
    open_page: Open, session: str
) -> None:
    """No mouse, and no focus that a test sets: Tab finds everything, and what is focused can be seen."""
    page = open_page(f"/app/sessions/{session}")
    expect(how(page)).to_contain_text("Everything is up to date")

    def reach(words: str) -> None:
        """Tab until something of this name has the focus."""
        name = (
            "((e) => e.getAttribute('aria-label') || e.labels?.[0]?.innerText || "
            "e.innerText)(document.activeElement)"
        )
        for _ in range(60):
            page.keyboard.press("Tab")
            if re.match(words, (page.evaluate(name) or "").strip()):
                assert page.evaluate("document.activeElement.matches(':focus-visible')")
                return
        pytest.fail(f"Tab does not reach {words}")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    reach("Rerun: step 1")
    page.keyboard.press("Enter")
    reach("Bring along")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Only this")).to_be_checked()
    reach("Guidance")
    page.keyboard.type("Only what the engineers say.")
    expect(page.get_by_role("dialog").get_by_role("button", name="Rerun", exact=True)).to_be_enabled()
    reach("Rerun$")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert (page.evaluate("document.activeElement.getAttribute('aria-label')") or "").startswith(
        ("Rerun: step 1", "Cancel: step 1")
    )
    expect(how(page)).to_contain_text("Out of date")
    page.keyboard.press("Control+Home")
    page.reload()
    expect(how(page)).to_contain_text("Out of date")
    reach("Why?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text(re.compile("Step 1 “.+” has changed"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Why?")).to_be_focused()
    reach("Update: whatever")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Update", exact=True)).to_be_enabled()
    reach("Update$")
    page.keyboard.press("Enter")
    expect(how(page)).to_contain_text("Everything is up to date")


def test_a_dialog_outlives_the_button_that_opened_it(
    open_page: Open, accessible: Check, site: Site, session: str
) -> None:
    """Another door runs the step meanwhile: its button gives way, what was typed stays before one's eyes."""
    page = open_page(f"/app/sessions/{session}")
    page.get_by_role("button", name="Rerun: step 1", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Guidance").fill("Only the costs.")
    ids = {
        "batch_id": site.state(session)["batch_id"],
        "session_id": session,
        "options": {"guidance": ENDLESS},
    }
    site.http.post("/workflow/restart/step", json=ids | {"step_ids": [1]}).raise_for_status()
    expect(page.get_by_role("button", name="Rerun: step 1", exact=True, include_hidden=True)).to_have_count(0)
    expect(dialog.get_by_label("Guidance")).to_have_value("Only the costs.")
    accessible(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Cancel: step 1").click()
    expect(page.get_by_role("button", name=re.compile("(Rerun|Run): step 1$"))).to_be_visible()
