# a table reads best with its rows whole
"""One example of every message on the wire, made from one table of values by field name."""

from typing import Any, get_args

from pydantic import BaseModel

from reprise_contracts import artifacts, asyncapi, sources
from reprise_contracts.events import Event
from reprise_contracts.wire import Message

HASH = "ab" * 32
AT = "2026-01-02T03:04:05Z"
CITATION = {"source_id": "src-1", "text_sha256": HASH, "quote": "It is so.", "start": 4, "end": 13}
STEP = {
    "step_id": 4,
    "title": "Compare",
    "description": "Who says what.",
    "query": "prices",
    "source_ids": ["src-1"],
    "depends_on": [2],
}
FINDING = {
    "finding_id": "f-1",
    "claim": "It is so.",
    "citations": [CITATION],
    "confidence": "high",
    "support": 2,
}
SOURCE = {"source_id": "src-1", "revision": 2, "url": "https://example.org/a", "title": "A"}
STORED = {
    "source_id": "src-1",
    "stored": {"revision": 2, "raw_sha256": HASH, "text_sha256": HASH, "fetched_at": AT},
}
SPEC = {"session_id": "s-1", "topic": "What is so?", "engine": "extractive", "policy": {"max_attempts": 2}}
PROBLEM = {"type": "session_busy", "detail": "A run is active.", "action": "Wait.", "retryable": True}
OBJECT = {"key": "phase4/b-1/s-1/phase4/g2/x-1.json", "sha256": HASH, "bytes": 120}
PLANNED = {"step_id": 4, "identity": HASH, "title": "Compare", "depends_on": [2]}

VALUES: dict[str, Any] = {
    "batch_id": "b-1",
    "session_id": "s-1",
    "other_id": "s-2",
    "command_id": "c-1",
    "run_id": "r-1",
    "fingerprint": HASH,
    "by": "ada",
    "at": AT,
    "node": "phase3/4",
    "nodes": ["phase3/4"],
    "generation": 2,
    "attempt": 1,
    "execution_id": "x-1",
    "worker": "phase3-1",
    "artifact": OBJECT,
    "parts": {"output": HASH},
    "plan": [PLANNED],
    "stored": [STORED],
    "problem": PROBLEM,
    "topic": "What is so?",
    "inputs": HASH,
    "phase": "phase3",
    "phases": ["phase3", "phase4"],
    "target": {"steps": [3, 5]},
    "targets": ["phase3/3"],
    "options": {"propagation": "mark_stale", "guidance": "prices"},
    "sources": [SOURCE],
    "session": SPEC,
    "source_id": "src-1",
    "reason": "good enough",
    "url": "https://example.org/a",
    "text": "It is so.",
    "title": "A",
    "step_id": 4,
    "step_ids": [3, 5],
    "seq": 17,
    "n": 2,
    "epoch": "2026",
    "message": "Reading",
    "progress": 40.0,
    "goals": [{"goal_id": "g-1", "question": "Why?"}],
    "synthesized_goal": "Find out.",
    "steps": [STEP],
    "findings": [FINDING],
    "kind": "phase",
    "causes": {"phase2": HASH},
    "batch_seq": 3,
    "link_id": "src-1",
    "stage": "extract",
    "status": "completed",
    "total": 4,
    "completed": 2,
    "failed": 1,
    "inProgress": 1,
    "stream_id": "w-1",
    "token": "word",
    "report": "# Report",
    "stale": True,
    "report_stale": False,
    "regenerate_report": True,
    "detail": "A run is active.",
    "position": 1,
    "sha256": HASH,
    "key": OBJECT["key"],
    "headline": "3 findings",
    "seconds": 1.5,
    "type_": None,
    "outcome": "completed",
    "stepData": {"step_id": 4, "findings": [FINDING], "sources": ["src-1"], "timestamp": AT},
    "deleting": True,
    "deleted": False,
    "since": AT,
    "seen": AT,
    "running": ["s-1/phase3/4"],
    "seq_": None,
    "quote": "It is so.",
    "start": 4,
    "end": 13,
    "text_sha256": HASH,
    "markdown": "# Report",
}

WATCH = {"cron": "0 6 * * 1-5", "time_zone": "Europe/Berlin", "auto": "refresh", "max_tokens": 20_000}
CHECK = {"outcome": "moved", "at": AT, "moved_to": "https://example.org/b"}
TOUCHED = {
    "node": "phase3/4",
    "finding_id": "f-1",
    "claim": "It is so.",
    "passages": [{"text_sha256": HASH, "quote": "It is so.", "start": 4, "end": 13, "fate": "changed"}],
}
WRITTEN = {"length": 300, "tone": "dry", "outline": ["The catch", "What it cost"]}

WEBHOOK = {
    "webhook_id": "w-1",
    "url": "https://example.org/a",
    "created_at": AT,
    "types": ["reprise.report.stale"],
}
MADE = {
    "type": "node_completed",
    "node": "phase3/4",
    "generation": 2,
    "attempt": 1,
    "execution_id": "x-1",
    "artifact": OBJECT,
    "parts": {"output": HASH},
}
SHARED = {
    "results": [{"made": MADE, "at": AT, "changed_at": AT, "reads": {"phase2": HASH}, "locked_at": AT}],
    "plan": [PLANNED],
    "next_step": 5,
}
SHARE = {"session_id": "s-1", "plan_token": "ab" * 16, "max_tokens": 20_000}
SPECIAL: dict[str, dict[str, Any]] = {
    "RefreshAllCall": {"failed": True, "sessions": [SHARE], "plan_token": "ab" * 16, "tag": "energy"},
    "Tag": {"add": ["energy"], "remove": ["team:north"]},
    "TagCall": {"add": ["energy"], "remove": ["team:north"]},
    "SessionTagged": {"tags": ["energy"]},
    "ResultsImported": {"origin": "s-9", "shared": SHARED},
    "Import": {"origin": "s-9", "shared": SHARED},
    "Job": {
        "inputs": {"phase0": {"key": "k", "sha256": HASH, "output": HASH}},
        "parameters": {"engine": "extractive"},
        "reasons": ["The plan has changed."],
    },
    "Phase0": {
        "sources": [{"source_id": "src-1", "title": "A", "text_sha256": HASH}],
        "summaries": [{"source_id": "src-1", "summary": "So."}],
    },
    "Phase2": {"steps": [STEP | {"depends_on": []}]},
    "Phase4": {"inputs": {"phase2": HASH}, "references": [{"number": 1, "source_id": "src-1"}]},
    "Commit": {"inputs": ["cmd/c-1/abc"], "events": [], "active": True, "batch": "b-1"},
    "Edit": {"node": "phase2"},
    "AskCall": {"question": "What does it cost?"},
    "AcceptCall": {"node": "phase4"},
    "BatchRequest": {
        "sources": [{"url": "https://example.org/a"}],
        "options": {"stop_after": "phase2"},
        "start": False,
    },
    "SourceInput": {"text": None},
    "Cancel": {"phase": None, "step_id": None},
    "CancelCall": {"phase": None, "step_id": None},
    "BatchFact": {"create": {"command_id": "c-1", "fingerprint": HASH, "spec": SPEC}},
    "State": {"nodes": {"phase0": {"status": "completed", "freshness": "fresh"}}},
    "Snapshot": {"sessions": [{"batch_id": "b-1", "session_id": "s-1", "topic": "What is so?"}]},
    "Connected": {"sessions": ["s-1"]},
    "Receipt": {"plan": {"run": ["phase2"], "may_run": ["phase3/*"]}},
    "Preview": {"plan": {"run": ["phase2"], "may_run": ["phase3/*"]}},
    "BatchInitialized": {"expected_total": 3, "total_processes": 3},
    "ScrapingConfirmed": {
        "expected_total": 3,
        "total_final": 3,
        "completed_count": 2,
        "failed_count": 1,
        "registered_count": 3,
    },
    "ScrapingItemUpdate": {"reason": None},
    "WorkflowStale": {
        "nodes": [{"node": "phase4", "causes": [{"node": "phase2", "reason": "changed", "at": AT}]}]
    },
    "PlanFrame": {"plan": [STEP]},
    "NodeUpdate": {"artifact": None, "causes": [], "report": WRITTEN},
    "SessionCreated": {"report": WRITTEN},
    "StoredFact": {"stored": [STORED]},
    "ProblemDocument": {
        "type": "/problems/session_busy",
        "title": "Session busy",
        "status": 409,
        "plan": None,
    },
    "SummarizationProgress": {
        "current_item": 2,
        "total_items": 3,
        "stage": "completed",
        "completed_items": 1,
        "processing_items": 1,
        "queued_items": 1,
    },
    "StreamError": {"error": "The answer broke off."},
    "Stored": STORED["stored"],
    "StoredSource": STORED,
    "StepFindings": {"kind": "compare"},
    "RunQueued": {"kind": "steps"},
    "CommandHonoured": {"kind": "cancel", "target": "phase3/4"},
    "Source": {"stored": STORED["stored"]},
    "Impact": {
        "sessions": [{"session_id": "s-1", "topic": "What is so?", "findings": [TOUCHED], "standing": 3}]
    },
    "SetWatch": {"watch": WATCH},
    "WatchSet": {"watch": WATCH},
    "WatchCall": WATCH,
    "SourceChecked": {"check": CHECK},
    "Checked": {"check": CHECK},
    "CheckDue": {"source": SOURCE, "add": True},
    "WatchView": {
        "watch": WATCH,
        "sources": [{"source_id": "src-1", "watch": WATCH, "news": CHECK, "checked": CHECK}],
    },
    "PoolOrder": {"state": "paused"},
    "Announcement": {
        "id": "a-1",
        "source": "/sessions/s-1",
        "type": "reprise.report.stale",
        "subject": "phase4",
        "time": AT,
        "data": {
            "batch_id": "b-1",
            "session_id": "s-1",
            "topic": "What is so?",
            "causes": [{"node": "phase2", "name": "the plan", "reason": "changed", "at": AT, "text": "So."}],
            "text": "It is out of date.",
        },
    },
    "Webhook": WEBHOOK | {"secret": "whsec_" + "c2VjcmV0" * 4, "epoch": "2026", "after": 17},
    "WebhookRequest": {"types": ["reprise.report.stale"]},
    "WebhookView": WEBHOOK | {"waiting": 3, "last": {"at": AT, "delivered": True}},
    "WebhookCreated": WEBHOOK | {"secret": "whsec_" + "c2VjcmV0" * 4},
    "WebhookList": {"webhooks": [WEBHOOK]},
    "RemoveWebhookCall": {"webhook_id": "w-1"},
    "ReplayWebhookCall": {"webhook_id": "w-1"},
    "DeliveryOutcome": {"delivered": False, "detail": "example.org answered 500"},
    "DownloadsSwept": {"hashes": [HASH]},
    "SourcesSwept": {"hashes": [HASH]},
    "ObjectsLost": {"objects": [{"key": "phase1/b-1/s-1/phase1/g1/x-1.json", "damaged": True}]},
}


def example(model: type[Message]) -> Message:
    """A message of a model with every field that the tables know."""
    values = {name: VALUES[name] for name in model.model_fields if name in VALUES and name != "type"}
    values |= SPECIAL.get(model.__name__, {})
    return model.model_validate(values)


def models() -> list[type[Message]]:
    """Every message: those of the channels, every event, every artifact, and what sources are made of."""
    found: dict[str, type[Message]] = {}
    for channel in asyncapi.channels():
        for model in (*channel.messages, *channel.reply):
            found[model.__name__] = model
    for union in get_args(get_args(Event)[0]):
        inner = get_args(get_args(union)[0]) if not isinstance(union, type) else (union,)
        for model in inner:
            if isinstance(model, type) and issubclass(model, BaseModel):
                found[model.__name__] = model
    for model in (
        artifacts.Phase0,
        artifacts.Phase1,
        artifacts.Phase2,
        artifacts.StepFindings,
        artifacts.Phase4,
        sources.Source,
        sources.StoredSource,
    ):
        found[model.__name__] = model
    return [found[name] for name in sorted(found)]
