"""A source that wants to do harm does nothing: it is text, wherever it is shown."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.site import Site
from e2e.test_pages import PARTS, calm

HOSTILE = (
    "The tide rises four metres <script>window.__pwned = 'script'</script> in the bay. "
    "The tide <img src=x onerror=\"window.__pwned = 'image'\"> wears the piers by 2 cm a year. "
    "Read [the tide tables](javascript:window.__pwned='link') before you sail, says the county of 1902. "
    "<svg onload=\"window.__pwned='svg'\"><a xlink:href=\"javascript:window.__pwned='svg link'\"><text>The "
    "tide is high</text></a></svg> "
    "![The tide](https://elsewhere.invalid/pixel.png) costs the county 300,000 euros a year. "
    "<iframe srcdoc=\"<script>parent.__pwned='frame'</script>\"></iframe> Fishermen see the tide turn every "
    "6 hours."
)
TITLE = "Tide <img src=x onerror=\"window.__pwned='title'\">"


def test_hostile_sources_are_shown_as_text_and_do_nothing(open_page: Callable[..., Page], site: Site) -> None:
    texts = {TITLE: HOSTILE, "Another": HOSTILE.replace("four", "five").replace("2 cm", "7 cm")}
    _, session_id = site.finished(
        "What does the <b onmouseover=\"window.__pwned='topic'\">tide</b> do?", texts
    )
    for part, words in (PARTS | {"": "What does the <b"}).items():
        page = open_page(f"/app/sessions/{session_id}{part}")
        requests: list[str] = []
        page.on("request", lambda request, requests=requests: requests.append(request.url))
        calm(page, words)
        page.mouse.move(300, 300)
        assert page.evaluate("window.__pwned") is None, part
        assert (
            page.locator("main img, main iframe, main script, a[href^='javascript' i], svg a").count() == 0
        ), part
        assert all(
            url.startswith(site.url) or url.startswith(site.url.replace("http", "ws")) for url in requests
        ), requests
    page = open_page(f"/app/sessions/{session_id}/sources")
    page.get_by_role("button", name="Read Tide").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("<script>window.__pwned")
    assert page.evaluate("window.__pwned") is None


def test_what_the_policy_forbids_is_refused_by_the_browser(open_page: Callable[..., Page]) -> None:
    """Even if some markup got through: no inline script, no text that becomes markup, no other host."""
    page = open_page("/app/help")
    tried = page.evaluate(
        """async () => {
            const outcomes = [];
            const blocked = [];
            document.addEventListener("securitypolicyviolation", (event) =>
              blocked.push(event.effectiveDirective));
            try {
              document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.__pwned=1'>");
              outcomes.push("markup"); }
            catch { outcomes.push("refused"); }
            const style = document.createElement("style");
            style.textContent = "main { display: none }";
            document.head.append(style);
            try { await fetch("https://elsewhere.invalid/"); outcomes.push("fetch"); } catch {}
            await new Promise((resolve) => setTimeout(resolve, 100));
            return [outcomes, [...new Set(blocked)].sort(),
              getComputedStyle(document.querySelector("main")).display !== "none"];
        }"""
    )
    assert tried[0] == ["refused"]
    assert {"connect-src", "require-trusted-types-for", "style-src-elem"} <= set(tried[1])
    assert tried[2]
    page.close()
