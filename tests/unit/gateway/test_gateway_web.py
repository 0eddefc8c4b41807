"""The web app as the gateway serves it."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reprise_gateway.app import create_app
from reprise_gateway.doors.web import CSP

SCRIPT = "console.log('the app')"


@pytest.fixture
async def browser(site: Any, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway with a built app."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<h1>App</h1>")
    (tmp_path / "assets" / "index-AbCd_1-9.js").write_text(SCRIPT)
    (tmp_path / "assets" / "index-AbCd_1-9.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (tmp_path / "assets" / "inter.woff2").write_bytes(b"font")
    transport = httpx.ASGITransport(create_app(site.gateway, site=tmp_path))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/app", "/app/sessions/s-1/report"])
async def test_every_page_of_the_app_is_its_one_file(browser: httpx.AsyncClient, path: str) -> None:
    """It is asked for again each time, and lets no script in that is not its own."""
    answer = await browser.get(path)
    assert (answer.text, answer.headers["cache-control"]) == ("<h1>App</h1>", "no-cache")
    assert answer.headers["content-security-policy"] == CSP
    assert "unsafe" not in CSP


async def test_the_api_stays_where_it_is(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/healthz")).json() == {"status": "ok"}
    assert (await browser.get("/none.js")).json()["type"] == "/problems/not_found"
    assert (await browser.get("/assets/none.js")).json()["type"] == "/problems/not_found"


async def test_a_script_comes_compressed_to_who_takes_that_and_is_kept(browser: httpx.AsyncClient) -> None:
    packed = await browser.get("/assets/index-AbCd_1-9.js")
    assert (packed.text, packed.headers["content-encoding"]) == (SCRIPT, "gzip")
    plain = await browser.get("/assets/index-AbCd_1-9.js", headers={"Accept-Encoding": "identity"})
    assert (plain.text, plain.headers.get("content-encoding")) == (SCRIPT, None)
    for answer in (packed, plain):
        assert answer.headers["content-type"].startswith("text/javascript")
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["vary"] == "Accept-Encoding"


async def test_a_file_whose_name_does_not_change_is_not_kept(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/assets/inter.woff2")
    assert (answer.content, answer.headers.get("cache-control")) == (b"font", None)
