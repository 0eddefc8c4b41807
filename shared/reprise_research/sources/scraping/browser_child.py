"""The process in which Chromium shows one page; neither has a network but its parent (`apart.py`).

Every request is intercepted and asked of the parent. What does not come by that way (preconnections, name
look-ups, WebRTC) finds a proxy that nobody serves and no name that resolves.

Run as `python -m reprise_research.sources.scraping.browser_child`.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

from playwright.async_api import Browser, Error, Page, Playwright, Route, WebSocketRoute, async_playwright

from reprise_research.sources.frames import Frame, receive, send

_NOWHERE = "http://127.0.0.1:1"
_ARGUMENTS = (
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--js-flags=--max-old-space-size=512",
)
_LOADED = frozenset({"document", "script", "stylesheet", "xhr", "fetch"})
"""Kinds of requests that a page's text can depend on."""
_PATIENCE = 30_000
"""Milliseconds for a page to load."""
_LOOKS, _BETWEEN = 120, 0.25
"""How often the text is looked at until it stays as it is, and the seconds between."""
_STILL = 6
"""Looks at an equal text, with nothing asked for meanwhile, after which it is taken to stay."""
_SHOWN = "() => document.body ? document.body.innerText.length : 0"
_MARK_HIDDEN = """() => {
  for (const element of document.body ? document.body.querySelectorAll('*') : [])
    if (getComputedStyle(element).display === 'none') element.setAttribute('hidden', '');
}"""
"""What a sheet hides that the page loads is marked, as such sheets are not kept."""


class _Parent:
    """The parent, as this process asks it for what the page asks for."""

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO) -> None:
        self._stdin, self._stdout, self._asked = stdin, stdout, 0
        self._waiting: dict[int, asyncio.Future[Frame]] = {}

    async def listen(self) -> None:
        """Hand answers to those who wait; ends where the parent does."""
        while (frame := await asyncio.to_thread(receive, self._stdin)) is not None:
            waiting = self._waiting.pop(frame[0]["answer"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(frame)
        os._exit(0)

    @property
    def is_asked(self) -> bool:
        """Whether an answer is still on its way."""
        return bool(self._waiting)

    async def ask(self, url: str, headers: Mapping[str, str], body: bytes | None) -> Frame:
        """What the parent has fetched, or why it did not."""
        self._asked += 1
        number = self._asked
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        header = {"ask": number, "url": url, "headers": headers, "part": True, "post": body is not None}
        send(self._stdout, header, body or b"")
        return await answer


class _Showing:
    """One page on its way."""

    def __init__(self, parent: _Parent, wish: Mapping[str, Any], body: bytes) -> None:
        self._parent, self._wish, self._body = parent, wish, body
        self._given = False

    async def answer(self, route: Route) -> None:
        """Answer one request: the page by what the parent had of it, other things by asking the parent."""
        request = route.request
        if request.resource_type not in _LOADED or request.method not in {"GET", "POST"}:
            await route.abort()
            return
        if not self._given and request.is_navigation_request():
            self._given = True
            await _fulfil(route, self._wish, self._body)
            return
        headers = await request.all_headers()
        sent = {name: value for name, value in headers.items() if not name.startswith((":", "user-agent"))}
        body = (request.post_data_buffer or b"") if request.method == "POST" else None
        header, data = await self._parent.ask(request.url, sent, body)
        if "failed" in header:
            await route.abort()
        else:
            await _fulfil(route, header, data, origin=headers.get("origin"))

    async def html(self, playwright: Playwright) -> str:
        """The page's tree once its text stays as it is."""
        browser = await _started(playwright, self._wish["browser"])
        context = await browser.new_context(service_workers="block", accept_downloads=False)
        await context.route("**/*", self.answer)
        await context.route_web_socket("**/*", _close)
        page = await context.new_page()
        page.set_default_timeout(_PATIENCE)
        await page.goto(self._wish["url"], wait_until="load", timeout=_PATIENCE)
        await self._settled(page)
        await page.evaluate(_MARK_HIDDEN)
        told = await page.content()
        await browser.close()
        return told

    async def _settled(self, page: Page) -> None:
        """Wait until the text that a reader sees stays as it is, or has changed for long enough."""
        before, still = -1, 0
        for _ in range(_LOOKS):
            shown = await page.evaluate(_SHOWN)
            still = still + 1 if shown == before and not self._parent.is_asked else 0
            if still >= _STILL and shown:
                return
            before = shown
            await asyncio.sleep(_BETWEEN)


async def _started(playwright: Playwright, path: str | None) -> Browser:
    return await playwright.chromium.launch(
        executable_path=path,
        args=list(_ARGUMENTS),
        proxy={"server": _NOWHERE},
        chromium_sandbox=os.geteuid() != 0,  # Chromium refuses to be root in its sandbox
    )


async def _close(socket: WebSocketRoute) -> None:
    await socket.close()


async def _fulfil(route: Route, header: Mapping[str, Any], body: bytes, origin: str | None = None) -> None:
    kind = header["type"] or "application/octet-stream"
    headers = {"content-type": f"{kind}; charset={header['charset']}" if header["charset"] else kind}
    if origin:  # nobody is signed in here: other origins tell the page what they tell everybody
        headers |= {"access-control-allow-origin": origin, "access-control-allow-credentials": "true"}
    await route.fulfill(status=200, headers=headers, body=body)


async def _answer(parent: _Parent, wish: Mapping[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        async with async_playwright() as playwright:
            html = (await _Showing(parent, wish, body).html(playwright)).encode("utf-8", "replace")
    except Error as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        reason = (
            "unsupported" if "launch" in lines[0] else "timeout" if "Timeout" in lines[0] else "malformed"
        )
        return {"failed": reason, "detail": f"The browser could not show it: {lines[0][:200]}"}, b""
    if len(html) > wish["most"]:
        return {"failed": "too_large", "detail": f"Shown, it is larger than {wish['most'] / 1e6:g} MB."}, b""
    return {"done": "shown"}, html


async def main() -> None:
    """Answer one wish."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    wish = receive(stdin)
    if wish is None:
        return
    parent = _Parent(stdin, stdout)
    listening = asyncio.create_task(parent.listen())
    send(stdout, *await _answer(parent, *wish))
    await listening  # until the parent has taken the page


if __name__ == "__main__":
    asyncio.run(main())
