"""Where webhooks may be: on the public internet, and where an operator says."""

from ipaddress import ip_network

import pytest

from reprise_gateway.operations.apprise_targets import apprise_problem
from reprise_gateway.operations.webhook_addresses import BlockedAddress, Unresolved, place_of

NAMES = {
    "example.org": ["93.184.215.14"],
    "inside.example.org": ["10.1.2.3"],
    "both.example.org": ["93.184.215.14", "192.168.0.1"],
    "xn--mnchen-3ya.example": ["93.184.215.14"],
}


async def resolver(host: str, port: int) -> list[str]:
    if host not in NAMES:
        raise OSError(host)
    return NAMES[host]


async def test_a_public_address_is_resolved_once_and_pinned() -> None:
    place = await place_of("https://example.org/hook?x=1", (), resolver)
    assert place == ("https", "example.org", 443, "93.184.215.14")
    assert (await place_of("http://münchen.example:8080", (), resolver)).host == "xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/hook",
        "http://[::1]/hook",
        "http://[::ffff:10.0.0.1]/hook",
        "http://169.254.169.254/latest",
        "https://inside.example.org/hook",
        "https://both.example.org/hook",
        "https://user:hunter2@example.org/hook",
        "http:///hook",
        "http://example.org:99999/",
    ],
)
async def test_what_is_not_public_is_refused_without_naming_its_path(url: str) -> None:
    with pytest.raises(BlockedAddress) as refused:
        await place_of(url, (), resolver)
    assert "hook" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


async def test_a_network_that_an_operator_names_is_let_in_and_no_other() -> None:
    networks = (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert (await place_of("https://inside.example.org/", networks, resolver)).address == "10.1.2.3"
    assert (await place_of("http://[::1]:8099/", networks, resolver)).address == "::1"
    with pytest.raises(BlockedAddress):
        await place_of("http://127.0.0.1/", networks, resolver)


async def test_a_name_that_leads_nowhere_may_lead_somewhere_later() -> None:
    with pytest.raises(Unresolved):
        await place_of("https://nobody.example.org/", (), resolver)


def test_a_scheme_of_apprise_is_let_in_by_name_only() -> None:
    refused = apprise_problem("json://10.0.0.1/x", {"mailtos"})
    assert refused is not None
    assert refused.type == "feature_off"
    assert "10.0.0.1" not in refused.detail
