"""The commands against a server with scripted answers: what is sent, what is printed, which exit code."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from reprise_cli.app import app, run
from reprise_cli.commands.cancel import what_ends_with
from reprise_client import Client
from reprise_runtime.settings import Settings
from reprise_runtime.tokens import digest
from unit.cli.fake_server import Script, problem, serving

STATE = {
    "batch_id": "b1",
    "session_id": "s1",
    "topic": "Tides",
    "seq": 7,
    "nodes": {"phase0": {"status": "completed", "freshness": "fresh"}},
}
TOKEN = "0123456789abcdef" * 2
RECEIPT = {"command_id": "c1", "run_id": "r1", "position": 2, "status": "queued"}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Script]:
    monkeypatch.setenv("REPRISE_STATE_DIR", str(tmp_path / "state"))
    with serving(Script()) as script:
        monkeypatch.setenv("REPRISE_SERVER", script.url)
        yield script


def test_urls_are_sent_as_json(script: Script, capsys: pytest.CaptureFixture[str]) -> None:
    """Without files the body is the contract's JSON, with a key that makes it safe to send again."""
    script.answers["POST /batches"] = (201, {"batch_id": "b1", "session_id": "s1"})
    code = run(
        [
            "research",
            "https://example.org/a",
            "https://example.org/b",
            "https://example.org/a",
            "-t",
            "Tides",
            "--stop-after",
            "phase2",
            "--language",
            "zh",
        ]
    )
    assert code == 0
    urls = [{"url": "https://example.org/a"}, {"url": "https://example.org/b"}]
    assert script.calls[-1].json == {
        "topic": "Tides",
        "sources": urls,
        "language": "zh",
        "options": {"stop_after": "phase2"},
    }
    assert script.calls[-1].headers["Idempotency-Key"]
    assert "Batch b1, session s1" in capsys.readouterr().out


def test_files_and_folders_are_sent_as_a_form(script: Script, tmp_path: Path) -> None:
    """A folder is walked for what can be read; hidden files and other kinds stay. An empty file is sent, as
    the browser sends it, so that it fails by its name instead of being missed."""
    folder = tmp_path / "docs"
    (folder / "deeper").mkdir(parents=True)
    (folder / "empty.md").touch()
    for name in ("a.html", "deeper/b.PDF", "c.exe", ".hidden.txt"):
        (folder / name).write_text(f"content of {name}")
    script.answers["POST /batches"] = (201, {"batch_id": "b1", "session_id": "s1"})
    assert run(["research", str(folder), "https://example.org/a", "-t", "Tides", "-g", "Be brief"]) == 0
    form = script.calls[-1].raw.decode()
    assert "multipart/form-data" in script.calls[-1].headers["Content-Type"]
    for part in (
        "content of a.html",
        "content of deeper/b.PDF",
        'name="topic"',
        "Be brief",
        "https://example.org/a",
    ):
        assert part in form
    assert "c.exe" not in form and "empty.md" in form
    assert "hidden" not in form


def test_it_is_said_when_texts_leave_the_machine(script: Script, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is sent, and only where a model on another machine will read it."""
    script.answers["POST /batches"] = (201, {"batch_id": "b1", "session_id": "s1"})
    there = {"host": "api.example.com", "leaves_machine": True}
    asked = ["research", "https://example.org/a", "-t", "Tides"]
    for config, options, said in [
        ({"engine": "openai", "endpoint": there}, [], True),
        ({"engine": "extractive", "endpoint": there}, ["--engine", "openai"], True),
        ({"engine": "openai", "endpoint": there}, ["--engine", "extractive"], False),
        ({"engine": "openai", "endpoint": {"host": "localhost", "leaves_machine": False}}, [], False),
    ]:
        script.answers["GET /config"] = (200, config)
        assert run([*asked, *options]) == 0
        assert ("sends the texts of the sources to api.example.com" in capsys.readouterr().out) is said


def test_a_topic_in_a_language_without_words_is_told_of(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is sent, and only where no language is asked for."""
    script.answers["POST /batches"] = (201, {"batch_id": "b1", "session_id": "s1"})
    polish = "Jak zmieniło się życie mieszkańców po zamknięciu mostu?"
    for topic, options, said in [
        (polish, [], True),
        (polish, ["--language", "en"], False),
        (polish, ["--engine", "openai"], False),
        ("How did life change after the bridge was closed?", [], False),
    ]:
        assert run(["research", "https://example.org/a", "-t", topic, *options]) == 0
        assert ("The topic is in Polish. The engine extractive" in capsys.readouterr().out) is said


def test_a_source_that_is_nothing_is_a_usage_error(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, and nothing is sent."""
    assert run(["research", "no-such-file", "-t", "Tides"]) == 2
    assert script.calls == []
    assert "no URL" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "path", "body"),
    [
        (
            ["rerun", "phase", "s1", "phase2", "--guidance", ""],
            "restart/phase",
            {"phase": "phase2", "options": {"guidance": ""}},
        ),
        (
            ["rerun", "step", "s1", "3", "5", "--mark-stale"],
            "restart/step",
            {"step_ids": [3, 5], "options": {"propagation": "mark_stale"}},
        ),
        (["refresh", "s1"], "refresh", {}),
        (
            ["rerun", "phase", "s1", "phase4", "--language", ""],
            "restart/phase",
            {"phase": "phase4", "options": {"language": ""}},
        ),
        (
            [
                "rerun",
                "phase",
                "s1",
                "phase0",
                "--refetch",
                "--if-running",
                "interrupt",
                "--plan-token",
                TOKEN,
            ],
            "restart/phase",
            {"phase": "phase0", "options": {"refetch": True, "if_running": "interrupt", "plan_token": TOKEN}},
        ),
    ],
)
def test_reruns_say_what_was_asked_and_nothing_else(
    script: Script, arguments: list[str], path: str, body: dict[str, object]
) -> None:
    """Only the options that were given are sent: an empty guidance is one, an absent one is none (R12)."""
    script.answers |= {"GET /sessions/s1": (200, STATE), f"POST /workflow/{path}": (202, RECEIPT)}
    assert run([*arguments, "--yes"]) == 0
    sent = script.calls[-1].json
    assert sent.pop("command_id")
    assert sent == {"batch_id": "b1", "session_id": "s1", **body}


@pytest.mark.parametrize(
    "arguments", [["rerun", "phase", "s1", "phase2"], ["rerun", "step", "s1", "3"], ["refresh", "s1"]]
)
def test_where_nobody_can_be_asked_a_rerun_needs_a_yes(
    script: Script, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It shows what it would run, says what to add, and runs nothing; a plan token is a yes to what the
    preview said."""
    path = {"refresh": "refresh"}.get(arguments[0], f"restart/{arguments[1]}")
    shown = (200, {"plan": {"run": ["phase2"]}, "plan_token": TOKEN})
    script.answers |= {
        "GET /sessions/s1": (200, STATE),
        f"POST /workflow/{path}": lambda call: (
            shown if call.json["options"].get("dry_run") else (202, RECEIPT)
        ),  # type: ignore[attr-defined]
    }
    for options, code in (([], 2), (["--json"], 2), (["--plan-token", TOKEN], 0)):
        assert run([*arguments, *options]) == code
    assert "--yes" in capsys.readouterr().err
    assert [call.json["options"] for call in script.calls if call.method == "POST"] == [
        {"dry_run": True},
        {"dry_run": True},
        {"plan_token": TOKEN},
    ]


def test_no_words_of_a_help_are_taken_for_markup() -> None:
    """What stands in square brackets is style to the help's printer, and would not be printed."""
    todo: list[Any] = [get_command(app)]
    seen = set()
    while todo:
        command = todo.pop()
        seen.add(command.name)
        if hasattr(command, "list_commands"):
            context = command.context_class(command)
            todo += [command.get_command(context, name) for name in command.list_commands(context)]
        for parameter in command.params:
            assert "[" not in (getattr(parameter, "help", None) or ""), (command.name, parameter.name)
    assert {"up", "research", "restore", "phase", "step", "drop"} <= seen


def test_a_command_loads_what_it_needs_and_not_what_others_need() -> None:
    """Whoever asks for a rerun talks to the gateway: no client of the servers, no reader of sources."""
    code = (
        "import sys; from reprise_cli.app import run; assert run(['rerun', 'phase', '--help']) == 0; "
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"minio", "nats", "numpy", "reprise_research", "reprise_orchestrator"} & set(
        done.stderr.split()
    )


def test_what_is_typed_counts_before_the_environment(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said to `reprise` itself or to the command; of these two the command's own."""
    script.answers["GET /sessions/s1"] = (200, STATE)
    nowhere = "http://127.0.0.1:9"
    assert run(["status", "s1"]) == 0, "the environment's"
    monkeypatch.setenv("REPRISE_SERVER", nowhere)
    assert run(["status", "s1"]) == 4
    assert run(["--server", script.url, "status", "s1"]) == 0
    assert run(["status", "s1", "--server", script.url]) == 0
    assert run(["--server", nowhere, "status", "s1", "--server", script.url]) == 0
    assert run(["--server", script.url, "status", "s1", "--server", nowhere]) == 4


def test_a_dry_run_prints_the_plan_and_runs_nothing(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    """R13: the lists, the estimate and the token; one call only."""
    plan = {
        "run": ["phase2", "phase3/1", "phase3/2"],
        "may_run": ["phase3/*", "phase4"],
        "drop": ["phase3/3"],
        "estimate": {"seconds": 2.5},
    }
    preview = {"plan": plan, "plan_token": TOKEN}
    script.answers |= {"GET /sessions/s1": (200, STATE), "POST /workflow/restart/phase": (200, preview)}
    assert run(["rerun", "phase", "s1", "phase2", "--dry-run"]) == 0
    assert script.calls[-1].json["options"] == {"dry_run": True}
    out = capsys.readouterr().out
    for text in (
        "phase2 synthesize, steps 1 2",
        "steps of a new plan, phase4 report",
        "step 3",
        "2.5 s",
        TOKEN,
    ):
        assert text in out
    assert run(["--json", "rerun", "phase", "s1", "phase2", "--dry-run"]) == 0
    assert json.loads(capsys.readouterr().out)["plan_token"] == TOKEN


def test_a_refusal_is_exit_3_and_prints_its_type_and_what_to_do(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    """The problem's type, its detail and its action; with --json the problem itself."""
    refusal = problem("session_busy", 409, retryable=True)
    script.answers |= {"GET /sessions/s1": (200, STATE), "POST /workflow/restart/phase": (409, refusal)}
    arguments = ["rerun", "phase", "s1", "phase2", "--if-running", "reject"]
    assert run(arguments) == 3
    assert "session_busy: It is session_busy.\nDo otherwise." in capsys.readouterr().err
    assert run([*arguments, "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["problem"]["type"] == "/problems/session_busy"


def test_an_answer_that_is_none_of_ours_is_exit_1(script: Script, capsys: pytest.CaptureFixture[str]) -> None:
    """Another server at the address is no refusal."""
    script.answers["GET /sessions/s1"] = (500, {"oops": True})
    assert run(["status", "s1"]) == 1
    assert "answered 500" in capsys.readouterr().err


def test_no_server_is_exit_4(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody listens: say how to start one; to a program by a type."""
    assert run(["list", "--server", "http://127.0.0.1:9"]) == 4
    assert "reprise up" in capsys.readouterr().err
    assert run(["list", "--server", "http://127.0.0.1:9", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["error"]["type"] == "no_server"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["research"],
        ["rerun", "phase", "s1", "phase9"],
        ["rerun", "step", "s1", "0"],
        ["cancel", "s1", "--run", "r", "--step", "2"],
        ["dlq", "drop"],
        ["watch", "s1", "--json"],
        ["status", "s1", "--stale"],
        ["status", "--older-than", ""],
        ["status", "--older-than", "soon"],
        ["refresh", "--all", "--older-than", ""],
        ["refresh", "s1", "--tag", "a"],
        ["up", "--workers", "phase9=1"],
        ["up", "--workers", "phase3=many"],
    ],
)
def test_what_makes_no_sense_is_exit_2(script: Script, arguments: list[str]) -> None:
    """Usage errors never reach a server."""
    assert run(arguments) == 2
    assert script.calls == []


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ([], {}),
        (["--run", "r1"], {"run_id": "r1"}),
        (["--phase", "phase3"], {"phase": "phase3"}),
        (["--step", "4"], {"step_id": 4}),
    ],
)
def test_cancel_names_what_it_stops(script: Script, arguments: list[str], body: dict[str, object]) -> None:
    """R20: a run, a phase, a step, or everything."""
    script.answers |= {"GET /sessions/s1": (200, STATE), "POST /workflow/cancel": (202, {"command_id": "c1"})}
    assert run(["cancel", "s1", *arguments]) == 0
    sent = script.calls[-1].json
    assert sent.pop("command_id")
    assert sent == {"session_id": "s1", **body}


def test_end_and_delete_are_two_things(script: Script) -> None:
    """R24: ending keeps the results, deleting does not."""
    ended = {"batch_id": "b1", "ended": True}
    script.answers |= {"POST /batches/b1/end": (200, ended), "DELETE /batches/b1": (200, ended)}
    assert run(["end", "b1"]) == run(["end", "b1", "--delete"]) == 2  # nobody can be asked
    assert run(["end", "b1", "--yes"]) == 0
    assert run(["end", "b1", "--delete", "--yes"]) == 0
    assert [call.method for call in script.calls] == ["POST", "DELETE"]


@pytest.mark.parametrize("given", ["b" * 65, "b1/sources/src-2", "../config", "b1?delete", "b 1", ""])
def test_what_is_no_id_leads_nowhere(script: Script, given: str) -> None:
    """An argument is an id and never a path: nothing is sent."""
    for command in (
        ["end", given, "--delete", "--yes"],
        ["status", given],
        ["report", given],
        ["cancel", given],
    ):
        assert run(command) == 2
    assert script.calls == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backup", "/proc/x"], "/proc/x cannot be made: No such file or directory."),
        (["backup", "{file}"], "{file} is a file and no folder."),
        (["backup", "--verify", "{folder}/gone"], "{folder}/gone is no folder."),
        (["restore", "{folder}/gone", "--replace", "--yes"], "{folder}/gone is no folder."),
        (["restore", "{folder}"], "{folder} holds no backup: backup.json: No such file or directory."),
        (["restore", "{folder}", "--local", "--state-dir", "/proc/x"], "{folder} holds no backup"),
        (["replay", "gone.zip"], "'gone.zip' is no file, and no session has such an id."),
        (["replay", "{file}"], "{file} cannot be replayed: this is no bundle of a session"),
        (["check", "{folder}"], "'{folder}' is no file, and no session has such an id."),
        (["check", "{file}"], "{file} cannot be checked: this is no bundle of a session"),
        (["check", "s1", "--report", "{folder}/gone.md"], "{folder}/gone.md cannot be read: No such file"),
        (["check", "s1", "--report", "{file}"], "{file} is no text in UTF-8."),
        (["report", "s1", "-o", "{folder}"], "{folder} cannot be written: Is a directory."),
        (["export", "s1", "-o", "{folder}/no/s1.zip"], "{folder}/no/s1.zip cannot be written: No such file"),
        (["up", "--state-dir", "{file}"], "The state cannot be kept in {file}: File exists."),
    ],
)
def test_a_file_that_cannot_be_used_is_named_in_a_sentence(
    script: Script, arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 and what to do, whatever the command wants with the file; never a number of the system's."""
    file = tmp_path / "file"
    file.write_bytes(b"\xff\xfe")
    script.answers |= {
        "GET /sessions/s1/report": (200, b"# Tides"),
        "GET /sessions/s1/bundle": (200, b"PK"),
        "GET /healthz": (200, {"status": "ok", "settings": {}}),
    }
    names = {"file": file, "folder": tmp_path}
    assert run([argument.format(**names) for argument in arguments]) == 2
    told = capsys.readouterr().err
    assert said.format(**names) in told and "Errno" not in told and ("Name" in told or "Save" in told)


def test_an_impact_says_of_an_update_what_its_preview_says(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is certain to run and what may run are told apart, in the same words."""
    plan = {
        "run": ["phase0"],
        "may_run": ["phase1", "phase3/1", "phase3/*"],
        "warnings": ["The plan was edited by a user; this run leaves it."],
        "estimate": {"seconds": 1.5, "tokens": 20, "most_seconds": 3.0, "most_tokens": 80},
    }
    update = {"plan": plan, "plan_token": "p"}
    touched = {"session_id": "s1", "topic": "Tides", "update": update}
    found = {"batch_id": "b1", "source_id": "src-1", "title": "Tables", "sessions": [touched]}
    script.answers |= {
        "GET /batches/b1/sources/src-1/impact": (200, found),
        "GET /sessions/s1": (200, STATE),
        "POST /workflow/refresh": (200, update),
    }
    assert run(["refresh", "s1", "--dry-run"]) == 0
    previewed = capsys.readouterr().out.split("plan token")[0].splitlines()
    assert run(["impact", "b1", "src-1"]) == 0
    assert capsys.readouterr().out.splitlines()[-len(previewed) :] == previewed and len(previewed) >= 4
    found |= {"unread": True, "sessions": [touched | {"unknown": 3}]}
    assert run(["impact", "b1", "src-1"]) == 0
    told = capsys.readouterr().out
    assert "Tables: the new text has not been read; what it touches is known after the preparation" in told
    assert "3 passages that are cited may have moved" in told and "gone" not in told


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (
            {"phase0": "completed", "phase3/2": "running", "phase3/11": "running"},
            "Running: steps 2 11; 1 of 5 done",
        ),
        ({"phase1": "cancelling"}, "Stopping: phase1 discover goals; 1 of 5 done"),
        ({"phase1": "queued"}, "Waiting for a worker: phase1 discover goals; 1 of 5 done"),
    ],
)
def test_the_status_of_a_run_names_what_works_now(
    script: Script, nodes: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its targets are where it began."""
    at_work = {"run_id": "r1", "command_id": "c1", "targets": ["phase0"], "done": 1, "total": 5}
    run_view = at_work | {"propagation": "cascade", "started_at": "2026-01-01T00:00:00Z", "by": "user"}
    views = {node: {"status": status} for node, status in {**nodes, "phase3": "running"}.items()}
    script.answers["GET /sessions/s1"] = (200, STATE | {"run": run_view, "nodes": views})
    assert run(["status", "s1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == said


def test_the_report_goes_to_a_file_or_to_standard_output(
    script: Script, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """As it came, byte by byte."""
    script.answers["GET /sessions/s1/report"] = (200, b"# Tides\n")
    target = tmp_path / "report.md"
    assert run(["report", "s1", "-o", str(target)]) == 0
    assert target.read_bytes() == b"# Tides\n"
    assert run(["report", "s1", "--format", "md"]) == 0
    assert capfdbinary.readouterr().out.endswith(b"# Tides\n")
    assert script.calls[-1].path == "/sessions/s1/report?format=md"


def test_lists_are_read_page_by_page(script: Script, capsys: pytest.CaptureFixture[str]) -> None:
    """Every batch, whatever the server's page."""
    pages = {
        "/batches": {"batches": [{"batch_id": "b2", "topic": "Moon"}], "next": "n"},
        "/batches?after=n": {"batches": [{"batch_id": "b1"}]},
    }
    script.answers["GET /batches"] = lambda call: (200, pages[call.path])
    assert run(["list", "--json"]) == 0
    assert [batch["batch_id"] for batch in json.loads(capsys.readouterr().out)["batches"]] == ["b2", "b1"]


def test_a_token_goes_with_every_call(script: Script) -> None:
    """Where the server wants one."""
    script.answers["GET /sessions/s1"] = (200, STATE)
    assert run(["status", "s1", "--token", "secret"]) == 0
    assert script.calls[0].headers["Authorization"] == "Bearer secret"


def test_the_doctor_hides_secrets(
    script: Script, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Effective settings under their own names, secrets as asterisks; a wrong one is told and is exit 1."""
    script.answers |= {"GET /config": (200, {"features": {"plan_edit": False}}), "GET /readyz": (200, {})}
    monkeypatch.setenv("REPRISE_S3__SECRET_KEY", "very-secret")
    assert run(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "very-secret" not in out
    assert "REPRISE_S3__ENDPOINT" in out
    assert "off: plan_edit" in out
    monkeypatch.setenv("REPRISE_LOG__LEVEL", "loud")
    assert run(["doctor"]) == 1
    assert "log.level" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["up"], ["token", "alice"], ["bootstrap", "--s3-policies"]])
def test_a_wrong_setting_is_a_sentence_and_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """Where a command reads the environment's settings, it says which is wrong, and is exit 2."""
    monkeypatch.setenv("REPRISE_AUTH__TOKENS", "alice=rpr_secret")
    assert run(command) == 2
    said = capsys.readouterr().err
    assert (
        "REPRISE_AUTH__TOKENS must be JSON" in said and "Traceback" not in said and "rpr_secret" not in said
    )


def test_the_doctor_misses_a_stack_here_only_if_no_server_is_named(
    script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who works with a server elsewhere needs none."""
    script.answers |= {"GET /config": (200, {}), "GET /readyz": (200, {})}
    assert run(["doctor", "--state-dir", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "local stack" not in told and "state folder" not in told
    monkeypatch.delenv("REPRISE_SERVER")
    run(["doctor", "--state-dir", str(tmp_path)])
    assert "local stack" in capsys.readouterr().out


def test_a_token_is_made_and_the_others_stay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is printed to configure lets the new holder in, and those who were let in before."""
    monkeypatch.delenv("REPRISE_AUTH__TOKENS", raising=False)
    assert run(["token", "alice", "--role", "operator", "--json"]) == 0
    alice = json.loads(capsys.readouterr().out)
    monkeypatch.setenv("REPRISE_AUTH__TOKENS", alice["configure"]["REPRISE_AUTH__TOKENS"])
    assert run(["token", "bob", "--days", "7", "--json"]) == 0
    bob = json.loads(capsys.readouterr().out)
    monkeypatch.setenv("REPRISE_AUTH__TOKENS", bob["configure"]["REPRISE_AUTH__TOKENS"])
    known = Settings().auth.tokens
    assert {name: (token.hash, token.role) for name, token in known.items()} == {
        "alice": (digest(alice["token"]), "operator"),
        "bob": (digest(bob["token"]), "researcher"),
    }
    assert known["bob"].expires is not None and known["alice"].expires is None
    assert alice["token"] not in bob["configure"]["REPRISE_AUTH__TOKENS"]
    assert run(["token", "no spaces"]) == 2
    assert run(["token", "carol"]) == 0
    assert "as they were" in capsys.readouterr().out


def test_a_stack_without_tokens_stays_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 before anything is started."""
    monkeypatch.delenv("REPRISE_AUTH__TOKENS", raising=False)
    assert run(["up", "--host", "0.0.0.0"]) == 2  # noqa: S104 - it is refused
    assert "reprise token" in capsys.readouterr().err


def test_what_comes_from_outside_is_text_and_no_markup(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    """A topic with square brackets is shown as it is, by every command that lists it, and a refusal's words
    as well."""
    topic = "what is in [/etc] and [red]now :smile:"
    script.answers |= {
        "GET /batches": (
            200,
            {
                "batches": [
                    {"batch_id": "b1", "topic": topic, "sessions": [{"session_id": "s1", "topic": topic}]}
                ]
            },
        ),
        "GET /sessions/s1": (200, {**STATE, "topic": topic}),
        "POST /workflow/restart/phase": (
            409,
            problem("invalid", 409) | {"detail": f"No such thing: {topic}"},
        ),
    }
    for command in (["list"], ["status"], ["status", "s1"]):
        assert run(command) == 0
        assert topic in capsys.readouterr().out, command
    assert run(["rerun", "phase", "s1", "phase0", "--yes"]) != 0
    assert topic in capsys.readouterr().err


def test_nothing_to_do_is_said_and_not_followed(script: Script, capsys: pytest.CaptureFixture[str]) -> None:
    """A refresh of what is fresh, and a cancel where nothing runs."""
    done = {"command_id": "c1", "run_id": "r1", "status": "completed", "plan": {"keep": ["phase0"]}}
    script.answers |= {
        "GET /sessions/s1": (200, STATE),
        "POST /workflow/refresh": (202, done),
        "POST /workflow/cancel": (202, {"command_id": "c2"}),
    }
    assert run(["refresh", "s1", "--yes"]) == 0
    assert capsys.readouterr().out == "Nothing had to run: all of it is up to date.\n"
    assert run(["cancel", "s1"]) == 0
    assert capsys.readouterr().out == "Nothing runs or waits in the session.\n"


def test_a_refresh_that_a_lock_keeps_back_does_not_say_that_all_is_well(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    done = {"command_id": "c1", "run_id": "r1", "status": "completed", "plan": {"stale": ["phase4"]}}
    report = {**STATE["nodes"]["phase0"], "freshness": "stale", "locked_at": "2026-11-30T10:00:00Z"}
    state = {**STATE, "nodes": {**STATE["nodes"], "phase4": report}}
    script.answers |= {"GET /sessions/s1": (200, state), "POST /workflow/refresh": (202, done)}
    assert run(["refresh", "s1", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "Nothing could run" in said and "up to date:" not in said and "reprise unlock s1 phase4" in said
    assert run(["status", "s1"]) == 0
    assert "[locked]" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_is_no_folder(script: Script, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """A variable that is not set must not send the folder that one happens to stand in."""
    assert run(["research", name, "-t", "Tides"]) == 2
    assert "An empty name is no source" in capsys.readouterr().err and script.calls == []


def test_sessions_are_listed_by_what_is_said_of_them(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    """`reprise status` with an option lists every session that is like it, page by page."""
    lines = [
        {"session_id": f"s{n}", "topic": "Tides", "status": "stale", "stale": ["phase4"]} for n in (1, 2)
    ]

    def page(call: Any) -> Any:
        return (
            200,
            {"sessions": lines[1:]} if "after=9" in call.path else {"sessions": lines[:1], "next": "9"},
        )

    script.answers["GET /sessions"] = page
    assert run(["status", "--stale", "--failed", "--tag", "north", "--older-than", "7d"]) == 0
    told = capsys.readouterr().out
    assert "s1" in told and "s2" in told
    assert all(
        part in script.calls[0].path for part in ("stale=true", "failed=true", "tag=north", "older_than=7d")
    )
    assert run(["status", "--state", "failed", "--json"]) == 0
    assert [one["session_id"] for one in json.loads(capsys.readouterr().out)["sessions"]] == ["s1", "s2"]


def test_the_status_names_the_ceilings(script: Script, capsys: pytest.CaptureFixture[str]) -> None:
    script.answers["GET /sessions/s1"] = (200, STATE | {"spent": 1200, "max_tokens": 5000})
    assert run(["status", "s1"]) == 0
    assert "Ceiling of the session: 1,200 of 5,000 tokens are spent." in capsys.readouterr().out
    script.answers["GET /sessions/s1"] = (200, STATE | {"spent": 1200})
    assert run(["status", "s1"]) == 0
    assert "Ceiling" not in capsys.readouterr().out


def test_a_refresh_of_all_runs_only_what_its_token_showed(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    """A preview names its token where nobody can be asked; a token is a yes to that preview and to no
    other."""
    share = {"session_id": "s1", "plan_token": TOKEN, "topic": "Tides", "plan": {"run": ["phase4"]}}
    shown = {"sessions": [share], "plan_token": TOKEN, "unknown": 1}
    begun = {"command_id": "c1", "sessions": [{"session_id": "s1", "receipt": RECEIPT}]}
    script.answers["POST /workflow/refresh-all"] = lambda call: (
        (200, shown) if call.json.get("dry_run") else (202, begun)
    )
    assert run(["refresh", "--all", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert f"plan token: {TOKEN}" in told and "without what has never run in 1 of them" in told
    assert run(["refresh", "--all"]) == 2
    assert run(["refresh", "--all", "--plan-token", "ab" * 16]) == 3
    assert "plan_changed" in capsys.readouterr().err
    assert all(call.json.get("dry_run") for call in script.calls)
    assert run(["refresh", "--all", "--plan-token", TOKEN, "--command-id", "c1"]) == 0
    assert script.calls[-1].json["plan_token"] == TOKEN
    assert script.calls[-2].json["command_id"] == "c1", "a preview says what it has begun already"


def test_an_end_says_what_ends_with_it(script: Script) -> None:
    """A batch ends with its forks; a session's fork goes on."""
    sessions = [
        {"session_id": "s1", "topic": "Tides"},
        {"session_id": "s2", "topic": "Tides", "fork": {"session_id": "s1", "node": "phase4"}},
    ]
    script.answers["GET /batches/b1"] = (200, {"batch_id": "b1", "sessions": sessions})
    with Client(script.url) as client:
        asked = [what_ends_with(client, "b1", session, delete=False) for session in (None, "s1", "s2")]
    assert asked == [" It has 2 sessions: s1, s2 (a fork of s1).", " Its fork s2 goes on.", ""]
