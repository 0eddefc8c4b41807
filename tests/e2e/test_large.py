"""A session of two thousand steps stays smooth while a hundred frames come in each second."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from e2e.conftest import TEXTS
from e2e.site import Site

STEPS = 2000
SECONDS = 4.0
PER_SECOND = 100
LONGEST = 50.0
"""Milliseconds that the page may take for one picture."""
WATCH = """
window.__work = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.__work.push(entry.duration);
}).observe({type: "longtask"});
window.__pictures = 0;
(function count() { window.__pictures++; requestAnimationFrame(count); })();
"""


@pytest.fixture(scope="module")
def large(site: Site) -> dict[str, Any]:
    """A session that was planned: two thousand steps, none of them run."""
    _, session_id = site.start(f"What is there to ask? steps={STEPS}", TEXTS, options={"stop_after": "phase2"})
    site.at_rest(session_id)
    return site.state(session_id)


def update(large: dict[str, Any], number: int) -> str:
    """A frame that tells of one step, as the gateway tells it."""
    step = number % STEPS + 1
    view = large["nodes"]["phase3/1"] | {"title": f"Question {step}", "status": ("queued", "running")[number % 2], "generation": number}
    place = {name: large[name] for name in ("batch_id", "session_id")} | {"seq": large["seq"] + number, "n": 1}
    return json.dumps(view | place | {"type": "node:update", "node": f"phase3/{step}"})


def test_two_thousand_steps_scroll_and_update_smoothly(
    open_page: Callable[..., Page], browser: Any, site: Site, large: dict[str, Any]
) -> None:
    """The session and its snapshot are the server's; its pace is set here, at 100 updates of steps a second, while the page scrolls."""
    page = open_page("/app/help", motion="no-preference")
    sockets: list[WebSocketRoute] = []

    def between(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket("**/ws/**", between)
    page.add_init_script(WATCH)
    page.goto(f"/app/sessions/{large['session_id']}")
    expect(page.get_by_role("article", name="1 Question 1", exact=True)).to_be_visible()
    assert page.get_by_role("article").count() < 60
    page.wait_for_function("() => window.__pictures > 30")
    frames = [update(large, number) for number in range(1, int(SECONDS * PER_SECOND) + 1)]
    page.evaluate("window.__work.length = 0; window.__pictures = 0")
    slice_of = 5
    for start in range(0, len(frames), slice_of):
        for frame in frames[start : start + slice_of]:
            sockets[0].send(frame)
        page.mouse.wheel(0, 120 if start < len(frames) / 2 else -120)
        page.wait_for_timeout(1000 * slice_of / PER_SECOND)  # the pace, not a wait for readiness
    work, pictures = page.evaluate("[window.__work, window.__pictures]")
    assert page.evaluate("document.querySelectorAll('article').length") < 60
    assert pictures > SECONDS * 20
    assert [took for took in work if took > LONGEST] == []
