"""Settings come from the environment and hide their secrets; logs are one line per unit of work."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import structlog
from pydantic import ValidationError

from reprise_runtime.logs import canonical, logger, setup
from reprise_runtime.settings import Log, Settings, WrongSettings, from_environment


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nested names are joined with two underscores; lists and maps are JSON."""
    monkeypatch.setenv("REPRISE_NATS__URL", "nats://a:1,nats://b:2")
    monkeypatch.setenv("REPRISE_S3__SECRET_KEY", "hush")
    monkeypatch.setenv("REPRISE_FEATURES__STEP_RERUN", "false")
    monkeypatch.setenv(
        "REPRISE_AUTH__TOKENS",
        json.dumps(
            {"alice": f"sha256:{'ab' * 32}", "bob": {"hash": f"sha256:{'cd' * 32}", "role": "viewer"}}
        ),
    )
    monkeypatch.setenv("REPRISE_TIMINGS__LEASE", "3.5")
    settings = Settings()
    assert settings.nats.url == "nats://a:1,nats://b:2"
    assert settings.s3.secret_key.get_secret_value() == "hush"
    assert settings.features.phase_rerun
    assert not settings.features.step_rerun
    assert {name: token.role for name, token in settings.auth.tokens.items()} == {
        "alice": "researcher",
        "bob": "viewer",
    }
    assert settings.timings.lease == 3.5


def test_secrets_are_read_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`<NAME>_FILE` names the file that holds the value, nested or not; one that cannot be read is said,
    without what is in it."""
    password, tokens = tmp_path / "password", tmp_path / "tokens"
    password.write_text("from a file\n")
    tokens.write_text('{"alice": "sha256:%s"}' % ("0" * 64))
    monkeypatch.setenv("REPRISE_NATS__PASSWORD_FILE", str(password))
    monkeypatch.setenv("REPRISE_AUTH__TOKENS_FILE", str(tokens))
    monkeypatch.setenv("REPRISE_NATS__USER", "gateway")
    settings = from_environment()
    assert settings.nats.password is not None and settings.nats.password.get_secret_value() == "from a file"
    assert settings.nats.user == "gateway" and list(settings.auth.tokens) == ["alice"]
    monkeypatch.setenv("REPRISE_NATS__PASSWORD_FILE", str(tmp_path / "none"))
    with pytest.raises(
        WrongSettings, match=r"REPRISE_NATS__PASSWORD_FILE names .*none, which cannot be read: No such file"
    ):
        from_environment()


def test_a_token_that_is_no_hash_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token itself has no place in the configuration; the error says what has, and does not spread what it
    found."""
    monkeypatch.setenv("REPRISE_AUTH__TOKENS", '{"alice": "rpr_secret"}')
    with pytest.raises(ValidationError, match="reprise token alice") as refused:
        Settings()
    assert "rpr_secret" not in str(refused.value)


def test_a_misspelt_or_impossible_setting_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown name inside a section and a value out of range are errors, not defaults."""
    monkeypatch.setenv("REPRISE_TIMINGS__LAESE", "3")
    with pytest.raises(ValidationError, match="laese"):
        Settings()
    monkeypatch.delenv("REPRISE_TIMINGS__LAESE")
    monkeypatch.setenv("REPRISE_TIMINGS__LEASE", "0")
    with pytest.raises(ValidationError, match="lease"):
        Settings()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("REPRISE_HOSTS", "research.example.org", "REPRISE_HOSTS must be JSON"),
        ("REPRISE_AUTH__TOKENS", "{alice: rpr_secret}", "REPRISE_AUTH__TOKENS must be JSON"),
        ("REPRISE_AUTH__TOKENS", '{"alice": "rpr_secret"}', "reprise token alice"),
        ("REPRISE_PORT", "many", "port must be a whole number"),
    ],
)
def test_what_is_wrong_is_one_sentence_without_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    """Quotes that a shell or an `.env` has eaten are told by the variable's name."""
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSettings, match=says) as wrong:
        from_environment()
    assert value not in str(wrong.value) and "rpr_secret" not in str(wrong.value)


def test_public_settings_hide_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `doctor` prints is JSON with every value except the secret ones."""
    for name in ("NATS__PASSWORD", "S3__SECRET_KEY", "LLM__API_KEY"):
        monkeypatch.setenv(f"REPRISE_{name}", "s3cr3t")
    monkeypatch.setenv("REPRISE_AUTH__TOKENS", json.dumps({"alice": f"sha256:{'ab' * 32}"}))
    text = json.dumps(Settings().public())
    assert "s3cr3t" not in text
    assert "alice" in text
    assert '"bucket": "reprise"' in text


@pytest.fixture
def restored() -> Iterator[None]:
    """Logging as it was before the test."""
    root = logging.getLogger()
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)
    structlog.contextvars.clear_contextvars()


@pytest.mark.usefixtures("restored")
def test_one_line_for_one_unit_of_work(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON where there is no terminal: the line has its fields, its seconds and its outcome; lines inside
    carry the fields too."""
    setup(Log(), "worker")
    with canonical("job", session="s1", node="phase3/1", generation=2) as line:
        logger("inner").info("halfway")
        line.add(findings=7)
    with pytest.raises(ZeroDivisionError), canonical("job", session="s2"):
        raise ZeroDivisionError("a bug")
    logging.getLogger("a.library").warning("said %s", "something")
    lines = [json.loads(text) for text in capsys.readouterr().err.splitlines()]
    assert [entry["event"] for entry in lines] == ["halfway", "job", "job", "said something"]
    assert all(entry["service"] == "worker" and entry["timestamp"] for entry in lines)
    assert lines[0]["session"] == "s1"
    first, failed = lines[1], lines[2]
    assert (first["outcome"], first["findings"], first["node"], first["generation"]) == (
        "ok",
        7,
        "phase3/1",
        2,
    )
    assert first["seconds"] >= 0
    assert (failed["outcome"], failed["error"], failed["level"]) == ("ZeroDivisionError", "a bug", "warning")
    assert "session" not in lines[3]


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("form", ["json", "console"])
def test_what_an_error_knew_is_not_logged(
    capsys: pytest.CaptureFixture[str], form: Literal["json", "console"]
) -> None:
    """The trace names the places; the values of variables, a token among them, stay where they are."""
    setup(Log(format=form), "test")

    def called(token: str) -> None:
        held = token.upper()
        raise LookupError(len(held))

    try:
        called("very-" + "secret")
    except LookupError as error:
        logger("test").error("unforeseen", exc_info=error)
    text = capsys.readouterr().err
    assert "LookupError" in text and "called" in text
    assert "very-secret" not in text.casefold()


@pytest.mark.usefixtures("restored")
def test_the_level_and_the_console(capsys: pytest.CaptureFixture[str]) -> None:
    """`level` drops what is below it, and `console` is for people."""
    setup(Log(level="warning", format="console"), "worker")
    logger("x").info("unseen")
    logger("x").warning("seen", path=str(Path("a")))
    text = capsys.readouterr().err
    assert "unseen" not in text
    assert "seen" in text
    assert not text.startswith("{")
