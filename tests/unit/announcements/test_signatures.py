"""Signatures and addresses of webhooks."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from reprise_contracts.webhooks import (
    TOLERANCE,
    Webhook,
    WebhookRequest,
    new_secret,
    signature,
    signed_headers,
    verified,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_signature_is_the_one_of_the_specifications_own_example() -> None:
    """The example of the Standard Webhooks libraries' tests."""
    assert (
        signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_who_knows_the_secret_is_believed_and_nobody_else() -> None:
    secret, body = new_secret(), b'{"id": "a-1"}'
    headers = signed_headers(secret, "a-1", NOW, body)
    assert verified(secret, headers, body, NOW)
    assert not verified(secret, headers, body + b" ", NOW)
    assert not verified(secret, headers | {"webhook-id": "a-2"}, body, NOW)
    assert not verified(new_secret(), headers, body, NOW)
    assert not verified(secret, {}, body, NOW)


def test_what_was_recorded_is_not_believed_later() -> None:
    headers = signed_headers(SECRET, "a-1", NOW, b"{}")
    assert verified(SECRET, headers, b"{}", NOW + timedelta(seconds=TOLERANCE - 1))
    assert not verified(SECRET, headers, b"{}", NOW + timedelta(seconds=TOLERANCE + 1))
    assert not verified(SECRET, headers | {"webhook-timestamp": "٣"}, b"{}", NOW)


def test_of_two_signatures_one_suffices() -> None:
    """A receiver whose secret is being replaced."""
    headers = signed_headers(SECRET, "a-1", NOW, b"{}")
    both = {**headers, "webhook-signature": f"v1,AAAA {headers['webhook-signature']}"}
    assert verified(SECRET, both, b"{}", NOW)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%"]
)
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError):
        WebhookRequest(url="https://example.org/", secret=secret)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/hook", "https://example.org/hook"),
        ("https://user:pass@example.org:8443/hook?token=abc", "https://example.org:8443/hook?…"),
        ("slack://one/two/three", "slack://…"),
        ("mailtos://user:pass@example.org?to=a@example.org", "mailtos://…"),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_secret(url: str, shown: str) -> None:
    webhook = Webhook(webhook_id="w-1", created_at=NOW, url=url, epoch="e", after=0)
    assert webhook.shown == shown
