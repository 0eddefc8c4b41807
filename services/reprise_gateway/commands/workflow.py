"""`WorkflowService`: the one way in for everything that can be asked, behind REST, WebSockets and NATS.

A command is looked up first (R16: a repeat is answered from the log), then checked, stored in the inbox, and
waited for until a commit has decided it. The answer is read from the state around that commit, so that a
repeat answers the same.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from reprise_contracts.artifacts import ObjectRef, Phase1, Phase2, Phase4
from reprise_contracts.commands import (
    Accept,
    AcceptCall,
    AskCall,
    BatchRequest,
    Cancel,
    CancelCall,
    Command,
    Edit,
    EndSessionCall,
    ForkCall,
    Lock,
    LockCall,
    Options,
    RefreshCall,
    Rerun,
    RerunCall,
    RestartPhase,
    RestartStep,
    SessionCall,
    SessionSpec,
    Tag,
    TagCall,
    Target,
)
from reprise_contracts.comparing import CompareCall, Comparison
from reprise_contracts.events import ArtifactEdited, CommandRefused
from reprise_contracts.impact import Impact, ImpactCall
from reprise_contracts.importing import Import, ImportCall
from reprise_contracts.nodes import NEW_STEPS, PHASES, STEPS, step_of
from reprise_contracts.problems.model import Problem
from reprise_contracts.problems.refusals import (
    REUSED,
    SESSION_DELETED,
    SESSION_ENDED,
    lost,
    missing,
    plan_changed,
)
from reprise_contracts.states import BatchView, CommandView, Created, NodeView, Preview, Receipt, State
from reprise_contracts.wire import derived_id
from reprise_domain.commands import request_of
from reprise_domain.decide import preview_edit
from reprise_domain.graph import parents
from reprise_domain.plans import unknown_steps
from reprise_domain.preview import precondition_failure, preview
from reprise_domain.state import Session
from reprise_gateway.access.access import Caller
from reprise_gateway.commands.asking import step_that_asks, with_question
from reprise_gateway.commands.batch_service import BatchService, Started
from reprise_gateway.commands.edits import Draft, Editable
from reprise_gateway.commands.importing import brought
from reprise_gateway.commands.inbox import Inbox
from reprise_gateway.commands.intake import Intake
from reprise_gateway.commands.undecided import NOT_YET
from reprise_gateway.commands.watching import Watching
from reprise_gateway.commands.webhooks import Webhooks
from reprise_gateway.projections.impact import Impacts
from reprise_gateway.projections.projection import Transition
from reprise_gateway.projections.states import command_of, state_of
from reprise_research.comparing import comparison
from reprise_runtime.admission import Admission
from reprise_runtime.errors import ObjectCorrupt, ObjectMissing, Refused


class WorkflowService:
    """Starts, reruns, cancels and edits, and says what became of it."""

    def __init__(
        self,
        inbox: Inbox,
        batches: BatchService,
        watching: Watching,
        impacts: Impacts,
        webhooks: Webhooks,
        *,
        admission: Admission,
        clock: Callable[[], datetime],
    ) -> None:
        self.batches = batches
        self.watching = watching
        self.webhooks = webhooks
        self._impacts = impacts
        self._inbox = inbox
        self._projection = inbox.projection
        self._store = batches.store
        self._admission = admission
        self._undecided = batches.undecided
        self._clock = clock

    # Reading

    async def session(self, session_id: str, batch_id: str | None = None) -> Session:
        """A session; raises `Refused` (not_found, or batch_ended once it is deleted)."""
        session = await self._projection.session(session_id)
        if session is None:
            raise Refused(
                NOT_YET if self._undecided.session(session_id) else _missing("session", "session_id")
            )
        if batch_id is not None and batch_id != session.batch_id:
            raise Refused(_missing("session in this batch", "batch_id"))
        if session.deleted:
            raise Refused(SESSION_DELETED)
        return session

    async def state(self, session_id: str) -> State:
        """The session as the outside sees it."""
        asked = self._undecided.session(session_id)
        if asked is not None and await self._projection.session(session_id) is None:
            return _pending(*asked)
        return state_of(await self.session(session_id))

    async def impact(self, call: ImpactCall) -> Impact:
        """What a source's change touches, in every session of its batch."""
        batch = await self.batches.batch(call.batch_id)
        found = [await self._projection.session(name) for name, _ in self.batches.members(batch)]
        sessions = [session for session in found if session is not None]
        return await self._impacts.of(batch, call.source_id, sessions)

    async def compare(self, call: CompareCall) -> Comparison:
        """The reports of two sessions beside each other. Raises `Refused` where one has none."""
        this, other = [await self._report(name) for name in (call.session_id, call.other_id)]
        return await asyncio.to_thread(comparison, call.session_id, this, call.other_id, other)

    async def _report(self, session_id: str) -> Phase4:
        made = (await self.session(session_id)).node("phase4").materialization
        if made is None:
            raise Refused(_missing(f"report of {session_id} yet", "session_id"))
        ref = made.event.artifact
        try:
            return Phase4.read(await self._store.get_verified(ref.key, ref.sha256))
        except (ObjectMissing, ObjectCorrupt) as error:
            raise Refused(lost("phase4", damaged=isinstance(error, ObjectCorrupt))) from None

    async def command(self, session_id: str, command_id: str) -> CommandView:
        """Today's outcome of a command (R16)."""
        found = command_of(await self.session(session_id), command_id)
        if found is not None:
            return found
        if await self._undecided.find(session_id, command_id) is None:
            raise Refused(_missing("command in this session", "command_id"))
        return CommandView(command_id=command_id, status="accepted")

    # Asking

    async def start(self, request: BatchRequest, intake: Intake, caller: Caller) -> Started:
        """A batch with its first session, started unless the request says otherwise."""
        return await self.batches.start(request, intake, caller)

    async def run_phase(self, call: RestartPhase, caller: Caller) -> Receipt | Preview:
        """One phase and nothing below it."""
        options = call.options.model_copy(update={"propagation": "mark_stale"})
        return await self.rerun_phase(call.model_copy(update={"options": options}), caller)

    async def rerun_phase(self, call: RestartPhase, caller: Caller) -> Receipt | Preview:
        """A phase again, and what is below it as the options say (R7)."""
        return await self._rerun(call, Target(phase=call.phase), call.options, caller)

    async def rerun_step(self, call: RestartStep, caller: Caller) -> Receipt | Preview:
        """Steps again (R10)."""
        return await self._rerun(call, Target(steps=call.step_ids), call.options, caller)

    async def refresh(self, call: RefreshCall, caller: Caller) -> Receipt | Preview:
        """Everything that is stale or not completed (R26)."""
        return await self._rerun(call, Target(stale=True), call.options, caller)

    async def rerun(self, call: RerunCall, caller: Caller) -> Receipt | Preview:
        """Any of the three."""
        return await self._rerun(call, call.target, call.options, caller)

    async def _rerun(
        self, call: SessionCall, target: Target, options: Options, caller: Caller
    ) -> Receipt | Preview:
        session = await self.session(call.session_id, call.batch_id)
        asked = options.model_copy(update={"dry_run": False})
        command = Rerun(**_named(call, caller), target=target, options=asked)
        if not options.dry_run:
            return await self._decide(session, "rerun", command)
        self._allowed(command, session)
        spec = request_of(session, command)
        problem = precondition_failure(session, spec, busy=session.busy)
        if problem is not None:
            raise Refused(problem)
        return preview(session, spec)

    async def accept(self, call: AcceptCall, caller: Caller) -> Receipt:
        """A stale node is good enough (R28)."""
        session = await self.session(call.session_id, call.batch_id)
        if call.node in {STEPS, NEW_STEPS}:
            raise Refused(NO_NODE)
        return await self._decide(
            session, "accept", Accept(**_named(call, caller), node=call.node, reason=call.reason)
        )

    async def lock(self, call: LockCall, caller: Caller) -> Receipt:
        """No cascade, refresh or update runs a node, or they do again (R38)."""
        session = await self.session(call.session_id, call.batch_id)
        if call.node in {STEPS, NEW_STEPS}:
            raise Refused(NO_NODE)
        return await self._decide(
            session, "lock", Lock(**_named(call, caller), node=call.node, locked=call.locked)
        )

    async def tag(self, call: TagCall, caller: Caller) -> Receipt:
        """What a session is filed under."""
        session = await self.session(call.session_id, call.batch_id)
        if not (call.add or call.remove):
            raise Refused(NO_TAGS)
        return await self._decide(
            session, "tag", Tag(**_named(call, caller), add=call.add, remove=call.remove)
        )

    async def fork(self, call: ForkCall, caller: Caller) -> Created:
        """A session of its own from a node on, which has what this one has above it (R37)."""
        session = await self.session(call.session_id, call.batch_id)
        if call.node == NEW_STEPS:
            raise Refused(NO_NODE)
        step = step_of(call.node)
        problem = unknown_steps(session, () if step is None else (step,), "node")
        lacking = [
            node for node in parents(call.node, session.plan) if session.node(node).materialization is None
        ]
        if problem is None and lacking:
            problem = missing(call.node, lacking[0], failed=False)
        if problem is not None:
            raise Refused(problem)
        return await self.batches.fork(session, call, caller)

    async def import_bundle(self, call: ImportCall, data: bytes, caller: Caller) -> Created:
        """A bundle of another installation's session becomes a batch with a session here (R41): its objects
        are stored first, then the batch is created, then its session is given what the bundle's log says. A
        repeat goes on where the first one stopped (R16). Raises `Refused`."""
        command_id = call.command_id or uuid4().hex
        batch_id = derived_id("b", caller.name, command_id)
        session_id = derived_id("s", batch_id, command_id)
        new = await asyncio.to_thread(brought, data, batch_id, session_id)
        await self.batches.refuse_begun(batch_id, new.sources, new.spec, command_id)
        named = {"command_id": derived_id("i", command_id), "by": caller.by, "trace": caller.trace}
        command = Import(**named, origin=new.origin, shared=new.shared)
        if len(command.encode()) > LARGEST_COMMAND:
            raise Refused(TOO_MANY_FACTS)
        for key, content in new.objects.items():
            await self._store.put(key, content)
        if not await self.batches.begin(batch_id, new.sources, new.spec, command_id, caller):
            raise Refused(_begun(command_id))
        await self._decide(await self.session(session_id), "import", command)
        return Created(batch_id=batch_id, session_id=session_id, command_id=command_id)

    async def end_session(self, call: EndSessionCall, caller: Caller) -> BatchView:
        """One session comes to its end, the others of its batch go on (R24, R37)."""
        session = await self._projection.session(call.session_id)
        if session is None:
            session = await self.session(call.session_id)
        return await self.batches.end_session(session.batch_id, call, caller)

    async def cancel(self, call: CancelCall, caller: Caller) -> Receipt:
        """A run, a phase, a step, or everything in the session (R20)."""
        session = await self.session(call.session_id, call.batch_id)
        named = _named(call, caller)
        command = Cancel(**named, run_id=call.run_id, phase=call.phase, step_id=call.step_id)
        return await self._decide(session, "cancel", command)

    async def edit(
        self,
        call: SessionCall,
        node: Editable,
        body: bytes,
        *,
        options: Options,
        if_match: str | None,
        caller: Caller,
    ) -> Receipt | Preview:
        """The user's own goals or plan (R12)."""
        session = await self.session(call.session_id, call.batch_id)
        named = _named(call, caller)
        asked = options.model_copy(update={"dry_run": False})

        def drafted(base: Session, goals: frozenset[str] | None) -> tuple[Draft, Edit]:
            execution_id = f"edit-{uuid4().hex}"
            draft = Draft(
                base, node, body, goals, by=caller.name, execution_id=execution_id, at=self._clock()
            )
            ref = ObjectRef(key=draft.key, sha256=draft.sha256, bytes=len(draft.document))
            return draft, Edit(
                **named,
                node=node,
                artifact=ref,
                parts=draft.parts,
                plan=draft.plan,
                if_match=if_match,
                options=asked,
            )

        if not options.dry_run and named["command_id"] in session.commands:
            base = await self._before_edit(session, named["command_id"])
            return await self._decide(session, "edit", drafted(base, None)[1])
        draft, command = drafted(session, await self._goals(session) if node == "phase2" else None)
        self._allowed(command, session)
        if options.dry_run:
            previewed = preview_edit(session, command, self._clock())
            if isinstance(previewed, Problem):
                raise Refused(previewed)
            return previewed
        await self._store.put(draft.key, draft.document)
        try:
            return await self._decide(session, "edit", command)
        except Refused:
            if (
                command.command_id in (await self.session(session.session_id)).commands
            ):  # refused for good: nothing will name the object
                await self._store.delete([draft.key])
            raise

    async def ask(self, call: AskCall, caller: Caller) -> Receipt | Preview:
        """A question as a step of the plan (R12, R30): the plan is edited, and run to its findings. With the
        token of a preview nothing is edited that would run anything else (R13)."""
        session = await self.session(call.session_id, call.batch_id)
        made = session.node("phase2").materialization
        if made is None:
            raise Refused(NO_PLAN)
        ref = made.event.artifact
        plan = Phase2.read(await self._store.get_verified(ref.key, ref.sha256))
        if not call.dry_run and call.command_id in session.commands:
            return self._asked_before(session, call, plan)
        unknown = [name for name in call.source_ids if name not in session.sources]
        if unknown:
            raise Refused(_no_source(unknown[0], session))
        body = with_question(plan, call)
        if call.plan_token is not None and not call.dry_run:
            shown = await self._edit_to_ask(call, body, ref, caller, dry_run=True)
            if isinstance(shown, Preview) and shown.plan_token != call.plan_token:
                raise Refused(plan_changed(shown.plan.model_dump(mode="json"), shown.plan_token))
        return await self._edit_to_ask(call, body, ref, caller, dry_run=call.dry_run)

    async def _edit_to_ask(
        self, call: AskCall, body: bytes, ref: ObjectRef, caller: Caller, *, dry_run: bool
    ) -> Receipt | Preview:
        options = call.options.model_copy(update={"dry_run": dry_run})
        return await self.edit(call, "phase2", body, options=options, if_match=ref.sha256, caller=caller)

    @staticmethod
    def _asked_before(session: Session, call: AskCall, plan: Phase2) -> Receipt:
        """R16: what was made of the plan then may be gone, but the question stands in the plan of today."""
        record = session.commands[call.command_id or ""]
        if record.problem is not None and record.run_id is None:
            raise Refused(record.problem)
        if step_that_asks(plan, call.question) is None:
            raise Refused(REUSED)
        return Receipt(command_id=call.command_id or "", run_id=record.run_id, status=record.status)

    async def _goals(self, session: Session) -> frozenset[str]:
        """The ids of the goals that there are now; an edited plan may name these."""
        made = session.node("phase1").materialization
        if made is None:
            return frozenset()
        ref = made.event.artifact
        found = Phase1.read(await self._store.get_verified(ref.key, ref.sha256))
        return frozenset(goal.goal_id for goal in found.goals)

    async def _before_edit(self, session: Session, command_id: str) -> Session:
        """The session that an edit was made on: its new steps were numbered from there."""
        async for transition in self._projection.replay(session.session_id, 0, self._projection.position):
            for event in transition.commit.events:
                if isinstance(event, ArtifactEdited | CommandRefused) and event.command_id == command_id:
                    return transition.before or session
        return session

    # Deciding

    def _allowed(self, command: Command, session: Session) -> None:
        """Raises `Refused` for what this environment, or an ended batch, does not do."""
        if session.ended:
            raise Refused(SESSION_ENDED)
        problem = self._admission.refusal(command)
        if problem is not None:
            raise Refused(problem)

    async def _decide(self, session: Session, kind: str, command: Command) -> Receipt:
        known = session.commands.get(command.command_id)
        if known is not None and known.fingerprint != command.fingerprint():
            raise Refused(REUSED)
        if known is not None:
            return self._receipt(
                session, command, await self._projection.decided(session.session_id, command.input_id())
            )
        if not session.ended:
            self._allowed(command, session)
        decided, transition = await self._inbox.send(
            session.session_id, kind, command, always=kind == "cancel"
        )
        if not decided:
            first = await self._undecided.find(session.session_id, command.command_id)
            if first is not None and first.fingerprint() != command.fingerprint():
                raise Refused(REUSED)
            return Receipt(command_id=command.command_id)
        if transition is None:
            transition = await self._projection.decided(session.session_id, command.input_id())
        return self._receipt(
            transition.after if transition else await self.session(session.session_id), command, transition
        )

    @staticmethod
    def _receipt(session: Session, command: Command, transition: Transition | None) -> Receipt:
        """R16: the first answer, from the state around the commit that decided; the outcome as of today."""
        record = session.commands.get(command.command_id)
        if record is None:
            return Receipt(command_id=command.command_id)
        if record.fingerprint != command.fingerprint():
            raise Refused(REUSED)
        if record.problem is not None and record.run_id is None:
            raise Refused(record.problem)
        run_id = record.run_id or (command.run_id if isinstance(command, Cancel) else None)
        position, plan = None, None
        if transition is not None:
            position = next(
                (
                    place
                    for place, spec in enumerate(transition.after.queue, 1)
                    if spec.run_id == record.run_id
                ),
                None,
            )
            if (
                position is None
                and transition.after.run is not None
                and transition.after.run.request.run_id == record.run_id
            ):
                position = 0
            if transition.before is not None and isinstance(command, Rerun):
                plan = preview(transition.before, request_of(transition.before, command)).plan
            elif transition.before is not None and isinstance(command, Edit):
                previewed = preview_edit(transition.before, command, transition.commit.at)
                plan = previewed.plan if isinstance(previewed, Preview) else None
        return Receipt(
            command_id=command.command_id, run_id=run_id, position=position, plan=plan, status=record.status
        )


LARGEST_COMMAND = 7 * 1024 * 1024
"""Bytes of a command; NATS takes no message of more than 8 MB."""
TOO_MANY_FACTS = Problem(
    type="too_large",
    field="file",
    detail="The session of this bundle has so many steps that what its log says does not fit one command.",
    action="Replay and check the file as it is.",
)


def _begun(command_id: str) -> Problem:
    return Problem(
        type="unavailable",
        code="not_decided",
        detail="The batch was asked for and is stored, but not decided yet.",
        action=f"Send the same bundle again in a few seconds, with the command_id {command_id}.",
        retryable=True,
    )


NO_PLAN = Problem(
    type="inputs_missing",
    field="session_id",
    detail="There is no plan yet that a question could become a step of.",
    action="Wait until phase2 has run, or run it.",
)
NO_TAGS = Problem(
    type="invalid", field="add", detail="There is no tag to add or to take away.", action="Name one."
)
NO_NODE = Problem(
    type="invalid",
    field="node",
    detail="The group of the steps is no node of its own.",
    action="Name one step, for example phase3/4.",
)


def _no_source(name: str, session: Session) -> Problem:
    listed = sorted(session.sources, key=lambda source: (len(source), source))
    return Problem(
        type="invalid",
        field="source_ids",
        detail=f"There is no source {name!r} in this session.",
        action=f"Choose among: {', '.join(listed[:30])}.",
    )


def _pending(batch_id: str, spec: SessionSpec) -> State:
    """A session that is asked for and not created yet."""
    shown = {
        name: getattr(spec, name)
        for name in ("session_id", "topic", "engine", "model", "language", "guidance")
    }
    nodes: dict[str, NodeView] = {phase: NodeView() for phase in PHASES}
    return State(batch_id=batch_id, **shown, nodes=nodes)


def _named(call: SessionCall, caller: Caller) -> dict[str, str]:
    return {"command_id": call.command_id or uuid4().hex, "by": caller.by, "trace": caller.trace}


def _missing(what: str, field: str) -> Problem:
    return Problem(
        type="not_found",
        field=field,
        detail=f"There is no such {what}.",
        action="Check the id, or list what there is.",
    )
