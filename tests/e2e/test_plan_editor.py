"""The plan's editor at 300 steps and 200 sources: it opens at once, takes a key at once, and finds by
search."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.site import Site

STEPS, SOURCES = 300, 200
OPENS = 1000.0
"""Milliseconds of the page's own work until the editor is there."""
KEY = 50.0
"""Milliseconds that it may work for a key."""
NODES = 10_000


@pytest.fixture(scope="module")
def large(site: Site) -> str:
    texts = {
        f"Logbook {number}": f"Logbook {number} says that {number} boats came in with the tide."
        for number in range(1, SOURCES + 1)
    }
    _, session = site.start(f"What is there to ask? steps={STEPS}", texts, options={"stop_after": "phase2"})
    site.at_rest(session, 300)
    return session


def work(page: Page, act: Callable[[], object]) -> float:
    """Milliseconds that the page's thread worked for it, from its own account, so that other programs do not
    count."""
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})
    figures = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")

    def spent() -> float:
        told = {one["name"]: one["value"] for one in client.send("Performance.getMetrics")["metrics"]}
        return sum(told[name] for name in figures)

    before = spent()
    act()
    return (spent() - before) * 1000


def test_a_large_plan_is_edited_without_waiting(
    open_page: Callable[..., Page], accessible: Callable[[Page], None], large: str
) -> None:
    page = open_page(f"/app/sessions/{large}/plan")
    edit = page.get_by_role("button", name="Edit", exact=True)
    edit.wait_for()

    def open_editor() -> None:
        edit.click()
        page.get_by_role("button", name=re.compile(f"^Edit Step {STEPS} ")).wait_for()

    opened = work(page, open_editor)
    nodes = page.evaluate("document.querySelectorAll('*').length")
    page.get_by_role("button", name=re.compile("^Edit Step 150 ")).click()
    title = page.get_by_label("Title")
    title.press("End")
    letters = "and what it costs"
    keys = work(page, lambda: title.press_sequentially(letters)) / len(letters)
    print(f"opened with {opened:.0f} ms of work and {nodes} nodes; {keys:.1f} ms for a key")
    assert opened < OPENS
    assert nodes < NODES
    assert keys < KEY
    reads = page.get_by_role("combobox", name="Reads")
    reads.fill("logbook 17")
    expect(page.get_by_role("listbox", name="sources").get_by_role("option")).to_have_count(8)
    expect(page.get_by_text(re.compile(r"and \d+ more; type to narrow them down"))).to_be_visible()
    reads.fill("logbook 173")
    reads.press("Enter")
    expect(page.get_by_role("list", name="Chosen sources")).to_contain_text("Logbook 173")
    after = page.get_by_role("combobox", name="Builds on")
    after.fill("question 120")
    accessible(page)
    after.press("Enter")
    expect(page.get_by_role("list", name="Chosen steps")).to_contain_text("Question 120")
    page.get_by_role("list", name="Chosen steps").get_by_role("button").click()
    expect(page.get_by_role("list", name="Chosen steps")).to_have_count(0)
    page.get_by_role("button", name="Discard").click()
