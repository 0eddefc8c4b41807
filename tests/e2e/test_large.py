"""A session of two thousand steps stays smooth while a hundred frames come in each second."""

import json
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from e2e.conftest import TEXTS
from e2e.site import Site

STEPS = 2000
SECONDS = 4.0
PER_SECOND = 100
LONGEST = 50.0
"""Milliseconds that the page may take for one frame: its scripts, styles, layout and painting."""
TYPICAL = 25.0
"""Milliseconds between two frames, of nine in ten; 16.7 where the machine has nothing else to do."""
WAITING = 0.05
"""The share of the time that the page's thread waits for a processor, up to which it has the machine to
itself."""
WATCH = """
window.__frames = [];
(function count(at) { window.__frames.push(at); requestAnimationFrame(count); })(performance.now());
"""


def work_of(trace: bytes) -> tuple[list[float], list[float], Path]:
    """What the page's thread did at a stretch and from one frame to the next, in milliseconds of processor,
    so that other programs of the machine do not count; and the thread."""
    events = sorted(json.loads(trace)["traceEvents"], key=lambda event: event.get("ts", 0))
    pages = {
        (e["pid"], e["tid"])
        for e in events
        if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    tasks: list[float] = []
    frames: list[float] = [0.0]
    busiest: Counter[tuple[int, int]] = Counter()
    for event in events:
        where = (event["pid"], event["tid"])
        if where not in pages:
            continue
        if event["name"] == "FireAnimationFrame":
            frames.append(0.0)
        elif event["name"].endswith("RunTask") and "tdur" in event:
            tasks.append(event["tdur"] / 1000)
            frames[-1] += tasks[-1]
            busiest[where] += event["tdur"]
    [((process, thread), _)] = busiest.most_common(1)
    return sorted(tasks), sorted(frames), Path(f"/proc/{process}/task/{thread}")


def waited(thread: Path) -> float:
    """Seconds that a thread was ready and had no processor, since it began."""
    return int((thread / "schedstat").read_text().split()[1]) / 1e9


@pytest.fixture(scope="module")
def large(site: Site) -> dict[str, Any]:
    """A session that was planned: two thousand steps, none of them run."""
    _, session_id = site.start(
        f"What is there to ask? steps={STEPS}", TEXTS, options={"stop_after": "phase2"}
    )
    site.at_rest(session_id)
    return site.state(session_id)


def update(large: dict[str, Any], number: int) -> str:
    """A frame that tells of one step, as the gateway tells it."""
    step = number % STEPS + 1
    view = large["nodes"]["phase3/1"] | {
        "title": f"Question {step}",
        "status": ("queued", "running")[number % 2],
        "generation": number,
    }
    place = {name: large[name] for name in ("batch_id", "session_id")} | {
        "seq": large["seq"] + number,
        "n": 1,
    }
    return json.dumps(view | place | {"type": "node:update", "node": f"phase3/{step}"})


def test_two_thousand_steps_scroll_and_update_smoothly(
    open_page: Callable[..., Page], browser: Any, site: Site, large: dict[str, Any]
) -> None:
    """The session and its snapshot are the server's; its pace is set here, at 100 updates of steps a second,
    while the page scrolls.

    What the page needs for a frame always counts; when the frames come only where other programs leave it a
    processor."""
    began = time.monotonic()
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
    page.wait_for_function("() => window.__frames.length > 30")
    updates = [update(large, number) for number in range(1, int(SECONDS * PER_SECOND) + 1)]
    page.evaluate("window.__frames.length = 0")
    browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
    slice_of = 5
    for start in range(0, len(updates), slice_of):
        for frame in updates[start : start + slice_of]:
            sockets[0].send(frame)
        page.mouse.wheel(0, 120 if start < len(updates) / 2 else -120)
        page.wait_for_timeout(1000 * slice_of / PER_SECOND)  # the pace, not a wait for readiness
    frames = page.evaluate("window.__frames")
    tasks, work, thread = work_of(browser.stop_tracing())
    assert page.evaluate("document.querySelectorAll('article').length") < 60
    between = sorted(later - earlier for earlier, later in pairwise(frames))
    late = sum(gap > LONGEST for gap in between)
    share = waited(thread) / (time.monotonic() - began)
    print(
        f"{len(between)} frames: median {median(between):.1f}, nine in ten "
        f"{between[len(between) * 9 // 10]:.1f}, "
        f"longest {between[-1]:.1f} ms, {late} above {LONGEST:g} ms; work for one: median "
        f"{median(work):.1f}, longest {work[-1]:.1f} ms, "
        f"at a stretch {tasks[-1]:.1f} ms; without a processor {share:.0%} of the time"
    )
    assert len(work) > len(updates) / 10, "the trace tells of the frames"
    assert work[-1] <= LONGEST
    if share < WAITING:
        assert between[len(between) * 9 // 10] <= TYPICAL
        assert late <= len(between) / 50, (
            "the machine, which runs all servers too, may be late with one in fifty"
        )
