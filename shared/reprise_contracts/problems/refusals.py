"""Every reason for which the rules refuse a command or end a run, as a problem: what happened, and what to
do."""

from collections.abc import Iterable, Sequence

from reprise_contracts.languages import lacking
from reprise_contracts.nodes import step_node, step_of
from reprise_contracts.phrases import opening, spoken
from reprise_contracts.problems.model import Problem

REUSED = Problem(
    type="command_reused",
    code="command_reused",
    field="command_id",
    detail="This command id was used for another command.",
    action="Use a new command id.",
)
ENDED = Problem(
    type="batch_ended",
    code="batch_ended",
    field="batch_id",
    detail="The batch was ended; its results stay readable.",
    action="Start a new batch.",
)
DELETED = Problem(
    type="batch_ended",
    code="batch_deleted",
    field="batch_id",
    detail="The batch was ended and deleted; nothing of it is left.",
    action="Start a new batch.",
)
SESSION_ENDED = Problem(
    type="batch_ended",
    code="session_ended",
    field="session_id",
    detail="The session was ended, by itself or with its batch; its results stay readable.",
    action="Add a session to the batch if that goes on, or start a new batch.",
)
SESSION_DELETED = Problem(
    type="batch_ended",
    code="session_deleted",
    field="session_id",
    detail="The session was ended and deleted, by itself or with its batch; nothing of it is left.",
    action="Add a session to the batch if that goes on, or start a new batch.",
)
BUSY = Problem(
    type="session_busy",
    code="session_busy",
    field="options.if_running",
    detail="A run is active in this session.",
    retryable=True,
    action="Wait until it is done, cancel it, or send the command with if_running queue or interrupt.",
)
NOT_NOW = Problem(
    type="session_busy",
    code="edit_while_running",
    detail="A run is active in this session, and an edit does not queue.",
    retryable=True,
    action="Wait until it is done, or cancel it; then save again.",
)
ONLY_ASKED = Problem(
    type="invalid",
    field="options.dry_run",
    detail="A preview is an answer, and a published command gets none: nothing was done.",
    action="Ask by REST or by request and reply, or leave dry_run out.",
)
WAITS = Problem(
    type="inputs_missing",
    code="inputs_incomplete",
    detail="Something could not run, because what it depends on was cancelled or has failed.",
    action="Rerun what failed or was cancelled, or allow a partial report.",
)
CONFLICT = Problem(
    type="conflict",
    code="artifact_changed",
    field="If-Match",
    detail="The artifact has changed since it was read.",
    action="Read it again, then edit.",
)
NOT_MADE = Problem(
    type="inputs_missing",
    code="not_made",
    detail="What this is made from does not exist yet.",
    action="Run the phases before it first.",
)
NOT_STALE = Problem(
    type="invalid",
    code="not_stale",
    field="node",
    detail="This node is not out of date: nothing to accept.",
    action="Name one that is.",
)
NOT_EMPTY = Problem(
    type="conflict",
    code="session_not_empty",
    detail="The session has results of its own, or a run: nothing is imported over them.",
    action="Import into a new batch.",
)
NO_RUN = Problem(
    type="not_found",
    code="no_run",
    field="run_id",
    detail="There is no such run in this session.",
    action="Read the session's state.",
)
NO_SOURCE = Problem(
    type="not_found",
    code="no_source",
    field="source_id",
    detail="There is no such source.",
    action="Read the batch's sources.",
)
NO_SESSION = Problem(
    type="not_found",
    code="no_session",
    field="session_id",
    detail="There is no such session in this batch.",
    action="Read the batch's sessions.",
)
LAST_SOURCE = Problem(
    type="invalid",
    code="last_source",
    field="source_id",
    detail="This is the last source of the batch.",
    action="Add another one first.",
)


def day_is_spent(most: int) -> Problem:
    """R36: what refreshes by themselves may spend in a day is spent."""
    return Problem(
        type="limit_reached",
        code="ceiling_of_day",
        facts={"tokens": most},
        detail=f"What may be spent in a day by refreshes that nobody asks for is spent ({most:,} tokens).",
        action="Refresh the session yourself, or raise the ceiling of the watch.",
    )


def lost(node: str, *, damaged: bool) -> Problem:
    """R34: the store has no longer what the log names."""
    return Problem(
        type="artifact_lost",
        code="result_damaged" if damaged else "result_lost",
        facts={"node": node},
        detail=f"What the object store holds of {spoken(node)} is damaged."
        if damaged
        else f"The object store has lost {spoken(node)}.",
        action="Rerun it, or refresh the session: it is made again, and what is below runs only if it says "
        "something new.",
        retryable=True,
    )


def inputs_lost(nodes: Iterable[str]) -> Problem:
    """R34: an attempt found that the store has no longer what it was to read."""
    ordered = tuple(sorted(nodes, key=lambda node: (node.partition("/")[0], step_of(node) or 0)))
    named = ", ".join(map(spoken, ordered))
    return Problem(
        type="artifact_lost",
        code="inputs_lost",
        facts={"nodes": ordered},
        detail=f"The object store has no longer what this is made from: {named}.",
        action="Refresh the session: what is lost is made again, and then this.",
    )


LISTED = 30
"""Numbers that a sentence lists."""


def plan_changed(plan: dict[str, object], plan_token: str | None) -> Problem:
    """R13: what would happen is not what the preview said that the command carries."""
    return Problem(
        type="plan_changed",
        code="plan_changed",
        field="plan_token",
        retryable=True,
        detail="This is not what would happen now: the session has changed since the preview, or it was one "
        "of another command.",
        action="Look at the new preview and confirm it.",
        plan=plan,
        plan_token=plan_token,
    )


def stops_too_early(stop_after: str, target: str) -> Problem:
    """R27: the run would end before its target."""
    detail = f"The run would stop after {spoken(stop_after)}, before its target, {spoken(target)}."
    return Problem(
        type="invalid",
        code="stops_too_early",
        facts={"phase": stop_after, "target": target},
        field="options.stop_after",
        detail=detail,
        action="Name the target or a later phase.",
    )


def locked(nodes: Sequence[str]) -> Problem:
    """R38: a locked node is run by nothing."""
    named = ", ".join(spoken(node) for node in nodes)
    return Problem(
        type="node_locked",
        code="node_locked",
        facts={"nodes": tuple(nodes)},
        field="node",
        detail=f"It is locked, and nothing runs it: {named}.",
        action=f"Unlock it first (`reprise unlock SESSION {nodes[0]}`).",
    )


def held(nodes: Iterable[str], *, edited: bool) -> Problem:
    """R38: a plan is without a locked step, or without one that a locked step depends on: a user's own, or a
    worker's, which had not heard of the lock."""
    gone = tuple(nodes)
    named = ", ".join(map(spoken, gone))
    return Problem(
        type="node_locked" if edited else "invalid_plan",
        code="steps_held",
        facts={"nodes": gone},
        field="steps" if edited else None,
        detail=f"The plan is without what is locked, or what a locked step reads: {named}.",
        action="Leave it in the plan, or unlock it first."
        if edited
        else "Rerun the synthesis, which keeps what is locked; or unlock it first.",
        retryable=not edited,
    )


def missing(node: str, parent: str, *, failed: bool) -> Problem:
    """R15, R19: a node cannot run, for what it reads is not there, or is of a step that failed."""
    why = f"{spoken(parent)} has failed" if failed else f"there is no result of {spoken(parent)} yet"
    action = f"Run {spoken(parent)} first, or refresh the session"
    partial = ", or say `allow_partial`: the report then takes the last good result" if failed else ""
    return Problem(
        type="inputs_missing",
        code="input_failed" if failed else "input_missing",
        facts={"node": node, "parent": parent},
        detail=f"{opening(spoken(node))} cannot run: {why}.",
        action=f"{action}{partial}.",
    )


SECTION_OF_REPORT = Problem(
    type="invalid",
    code="section_of_report",
    field="options.section",
    detail="A section is one of the report's.",
    action="Name phase4 as what to run, or leave section out.",
)
REPORT_MOVED = Problem(
    type="conflict",
    code="report_moved",
    field="options.section",
    detail="What the report is made from has changed since it was written; one new section would not fit the "
    "others.",
    action="Run the whole report again.",
)


def no_section(known: Sequence[str]) -> Problem:
    """R31: the report has no section of that name that can be written by itself."""
    listed = f"Name one of {', '.join(known[:LISTED])}." if known else "Run the whole report again."
    return Problem(
        type="not_found",
        code="no_section",
        field="options.section",
        detail="The report has no such section, or it is made from the others.",
        action=listed,
    )


def failed(node: str) -> Problem:
    """R19, R28: an older result does not stand for one that could not be made."""
    detail = (
        f"The last try of {spoken(node)} failed, and what it made before cannot be accepted in its place."
    )
    partial = ", or rerun the report with `allow_partial` and accept that" if step_of(node) else ""
    return Problem(
        type="invalid",
        code="try_failed",
        facts={"node": node},
        field="node",
        detail=detail,
        action=f"Rerun {spoken(node)}{partial}.",
    )


def unknown(
    steps: Iterable[int], valid: Iterable[int], *, obsolete: bool, field: str = "step_ids"
) -> Problem:
    """R15: steps that are not in the plan, with the numbers that are."""
    asked, offered = sorted(steps), tuple(valid)
    named, many = _listed(asked), len(asked) > 1
    kind = "step_obsolete" if obsolete else "step_unknown"
    detail = f"There {'are no steps' if many else 'is no step'} {named} in this session."
    if obsolete:
        detail = f"{'Steps' if many else 'Step'} {named} {'are' if many else 'is'} no longer in the plan."
    action = (
        f"Choose among steps {_listed(offered)}."
        if offered
        else "There is no plan yet: run the synthesis first."
    )
    return Problem(
        type=kind,
        code="steps_gone" if obsolete else "steps_unknown",
        facts={"nodes": tuple(map(step_node, asked[:LISTED]))},
        field=field,
        detail=detail,
        action=action,
        valid_steps=offered,
    )


def _listed(numbers: Sequence[int]) -> str:
    """`3`, `3 and 5`, `3, 5 and 8`; of many the first ones."""
    shown = [str(number) for number in numbers[:LISTED]] + (["so on"] if len(numbers) > LISTED else [])
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def unsound(why: str, *, edited: bool) -> Problem:
    """R9, R12: a plan that breaks the rules of plans: a worker's, or the one that a user wrote."""
    detail = f"The plan is not sound: {why}."
    if edited:
        return Problem(
            type="invalid",
            code="plan_unsound",
            facts={"said": why},
            field="steps",
            detail=detail,
            action="Correct the plan and save it again.",
        )
    return Problem(
        type="invalid_plan",
        code="plan_proposed_unsound",
        facts={"said": why},
        detail=detail,
        action="Rerun the synthesis, or edit the plan.",
    )


def over_budget(ceiling: int, scope: str) -> Problem:
    """A run or a session came to its ceiling of tokens."""
    own = scope == "run"
    return Problem(
        type="budget_reached",
        code="ceiling_of_run" if own else "ceiling_of_session",
        facts={"tokens": ceiling},
        field="options.max_tokens" if own else "options.max_session_tokens",
        detail=f"The {scope} has spent the {ceiling:,} tokens that it may spend: nothing more of it begins, "
        "and what was done is kept.",
        action="Refresh the session: it goes on from here, with the ceiling that you name, or none."
        if own
        else "Refresh the session with a higher ceiling for it (`max_session_tokens`; 0 is none): it goes on "
        "from here.",
    )


def feature_off(feature: str) -> Problem:
    """A feature is switched off here."""
    detail = f"The feature {feature} is off in this environment."
    return Problem(
        type="feature_off",
        code="feature_off",
        facts={"feature": feature},
        detail=detail,
        action="Ask an operator to switch it on.",
    )


def unwritten(engine: str, language: str, field: str = "options.language") -> Problem | None:
    """The refusal of a language that an engine cannot write in; None if it can, or is not known to be
    unable."""
    missing = lacking(engine, language)
    action = "Name one of these, leave the language to the topic, or use an engine with a model."
    return (
        Problem(
            type="invalid",
            code="language_lacking",
            facts={"engine": engine, "language": language},
            field=field,
            detail=missing,
            action=action,
        )
        if missing
        else None
    )


def unknown_engine(engine: str, engines: Iterable[str], field: str = "options.engine") -> Problem:
    """No such engine is installed."""
    action = f"Choose among: {', '.join(sorted(engines))}."
    return Problem(
        type="invalid",
        code="engine_unknown",
        facts={"engine": engine[:40], "engines": tuple(sorted(engines))},
        field=field,
        detail=f"There is no engine {engine[:40]!r} here.",
        action=action,
    )


def without_endpoint(engine: str, field: str) -> Problem:
    """An engine is asked for that has no endpoint here."""
    return Problem(
        type="invalid",
        code="engine_without_endpoint",
        facts={"engine": engine},
        field=field,
        detail=f"The engine {engine} has no endpoint here: REPRISE_LLM__BASE_URL names none.",
        action="Set it for every service, such as http://127.0.0.1:8080/v1, or use the engine extractive.",
    )


def without_model(engine: str, field: str) -> Problem:
    """An engine is asked for that has no model here."""
    return Problem(
        type="invalid",
        code="engine_without_model",
        facts={"engine": engine},
        field=field,
        detail=f"The engine {engine} has no model here: none is named, and REPRISE_LLM__MODEL is not set.",
        action="Name a model, set it for every service, or use the engine extractive.",
    )
