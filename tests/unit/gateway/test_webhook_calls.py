"""Webhooks as they are asked for: by whom, how many, and what is shown of them."""

import httpx
import pytest

from reprise_contracts.webhooks import MOST
from unit.gateway.conftest import Make
from unit.gateway.gateway_site import settings_with

HOOK = {"url": "https://93.184.215.14/hook?token=abc", "types": ["reprise.report.stale"]}
TOKENS = {
    "vera": {"token": "v", "role": "viewer"},
    "rob": {"token": "r", "role": "researcher"},
    "olga": {"token": "o", "role": "operator"},
}
CALLS = (
    ("POST", "/webhooks", HOOK),
    ("GET", "/webhooks", None),
    ("POST", "/webhooks/w-1/replay", {"since": "2026-01-01T00:00:00Z"}),
    ("DELETE", "/webhooks/w-1", None),
)


@pytest.mark.parametrize("token", ["v", "r"])
async def test_webhooks_are_an_operators(make_site: Make, token: str) -> None:
    """A webhook is told of every batch, from inside, on nobody's token."""
    site = await make_site(settings_with(tokens=TOKENS))
    async with site.client(Authorization=f"Bearer {token}") as http:
        for method, path, body in CALLS:
            answer = await http.request(method, path, json=body)
            assert answer.status_code == httpx.codes.FORBIDDEN, (method, path)
    async with site.client(Authorization="Bearer o") as http:
        assert (await http.post("/webhooks", json=HOOK)).status_code == httpx.codes.CREATED


async def test_a_webhook_is_shown_without_its_secret_until_it_is_removed(make_site: Make) -> None:
    site = await make_site()
    async with site.client() as http:
        made = (await http.post("/webhooks", json=HOOK)).json()
        assert made["secret"].startswith("whsec_")
        (shown,) = (await http.get("/webhooks")).json()["webhooks"]
        assert "secret" not in shown
        assert shown["url"] == "https://93.184.215.14/hook?…"
        assert shown["types"] == ["reprise.report.stale"]
        gone = await http.delete(f"/webhooks/{shown['webhook_id']}")
        assert gone.json()["webhook_id"] == shown["webhook_id"]
        assert (await http.get("/webhooks")).json() == {"webhooks": []}
        again = await http.delete(f"/webhooks/{shown['webhook_id']}")
        assert again.status_code == httpx.codes.NOT_FOUND


async def test_there_is_an_end_to_webhooks(make_site: Make) -> None:
    site = await make_site()
    async with site.client() as http:
        for _ in range(MOST):
            assert (await http.post("/webhooks", json=HOOK)).status_code == httpx.codes.CREATED
        refused = await http.post("/webhooks", json=HOOK)
        assert refused.json()["type"].endswith("limit_reached")
