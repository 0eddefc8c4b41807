"""R37 on the page: a fork is made where one reads, and is the page that follows."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site


def test_r37_a_fork_opens_with_what_it_shares_and_nothing_runs(
    open_page: Callable[..., Page], accessible: Callable[[Page], None], site: Site
) -> None:
    """The step that was named, and the report, are still to be made."""
    _, session = site.finished(TOPIC, TEXTS)
    page = open_page(f"/app/sessions/{session}")
    step = page.get_by_role("article", name=re.compile("^2 "))
    step.locator("button.step-title").click()
    step.get_by_role("button", name="Fork: step 2", exact=True).click()
    dialog = page.get_by_role("dialog", name="Fork at step 2")
    accessible(page)
    dialog.get_by_role("button", name="Fork", exact=True).click()
    page.wait_for_url(lambda url: "/app/sessions/" in url and session not in url)
    expect(page.get_by_role("article", name=re.compile("^1 "))).to_contain_text("finding")
    fork = site.state(page.url.rsplit("/", 1)[1].split("?")[0])
    assert fork["fork"] == {"session_id": session, "node": "phase3/2"} and fork["run"] is None
    assert fork["nodes"]["phase3/1"]["artifact"] == site.state(session)["nodes"]["phase3/1"]["artifact"]
    assert fork["nodes"]["phase3/2"]["artifact"] is None and fork["nodes"]["phase4"]["artifact"] is None
