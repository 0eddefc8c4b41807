"""The story of a session: each event as one sentence, who did what, why, and what came of it. No ids in the
text."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from reprise_contracts import events as e
from reprise_contracts.artifacts import PlannedStep
from reprise_contracts.commands import Options, Target
from reprise_contracts.nodes import step_node, step_of
from reprise_contracts.phrases import PLURAL, spoken
from reprise_contracts.sources import Check, Source
from reprise_contracts.states import EventFacts, TimelineEntry

LISTED = 5
"""Names that a sentence lists; more of them are counted."""


class Narrator:
    """Tells the commits of one log in order, remembering what the words need: titles of steps, and what runs
    are about."""

    def __init__(self) -> None:
        self._titles: dict[int, str] = {}
        self._runs: dict[str, str] = {}
        self._asked: dict[str, tuple[str, Target]] = {}
        self._sources: dict[str, Source] = {}
        self._by_hand: set[str] = set()

    def tell(self, commit: e.Commit, seq: int) -> tuple[TimelineEntry, ...]:
        """One sentence for each event of a commit."""
        return tuple(self._entry(event, commit, seq, n) for n, event in enumerate(commit.events, 1))

    def _entry(self, event: Any, commit: e.Commit, seq: int, n: int) -> TimelineEntry:
        sources = self._counts(event)
        self._learn(event)
        nodes = tuple(getattr(event, "nodes", ()))
        return TimelineEntry(
            seq=seq,
            n=n,
            at=commit.at,
            by=getattr(event, "by", ""),
            type=event.type,
            text=_SENTENCES[type(event)](self, event),
            node=getattr(event, "node", None),
            nodes=nodes,
            facts=self._facts(event, sources),
        )

    def _counts(self, event: Any) -> Mapping[str, int]:
        """How many sources an event adds, changes and removes; before they are remembered."""
        if isinstance(event, e.SessionCreated):
            return {"sources": len(event.sources)}
        if not isinstance(event, e.SourcesChanged):
            return {}
        added, changed = self._added(event), self._changed(event)
        return {"sources": 0, "added": len(added), "changed": len(changed), "removed": len(event.removed)}

    def _added(self, event: e.SourcesChanged) -> list[Source]:
        return [source for source in event.sources if source.source_id not in self._sources]

    def _changed(self, event: e.SourcesChanged) -> list[Source]:
        """Those that say something else than before: a page that is gone still says what is stored of it."""
        before = ((source, self._sources.get(source.source_id)) for source in event.sources)
        return [source for source, known in before if known is not None and known.version != source.version]

    def _facts(self, event: Any, sources: Mapping[str, int]) -> EventFacts:
        own = {
            name: getattr(event, name) for name in EventFacts.model_fields if name in type(event).model_fields
        }
        if isinstance(event, e.CommandHonoured):
            own.pop("target")  # a node or a run, not the target of one
            own["run_id"] = event.target if event.target in self._asked else ""
        kind, target = self._asked.get(own.get("run_id", ""), ("", None))
        by_hand = isinstance(event, e.NodesKept) and self._by_hand.issuperset(event.nodes)
        known: dict[str, Any] = {"kind": kind, "target": target, "by_hand": by_hand}
        return EventFacts(**known | own | dict[str, Any](sources))

    def _learn(self, event: Any) -> None:
        plan: tuple[PlannedStep, ...] | None = (
            getattr(event, "plan", None) if isinstance(event, _PLANS) else None
        )
        if isinstance(event, e.SessionCreated) and event.shared is not None:
            plan = event.shared.plan
        for step in plan or ():
            self._titles[step.step_id] = step.title
        if isinstance(event, e.ArtifactEdited):
            self._by_hand.add(event.node)
        elif isinstance(event, e.NodeCompleted):
            self._by_hand.discard(event.node)
        elif isinstance(event, e.RunQueued):
            self._runs[event.run_id] = self._run(event.kind, event.target)
            self._asked[event.run_id] = (event.kind, event.target)
        elif isinstance(event, e.RunMerged):
            kind: e.RunKind = "steps" if event.target.steps else "phase"
            self._runs[event.run_id] = self._run(kind, event.target)
            self._asked[event.run_id] = (kind, event.target)

    # Words

    def _node(self, node: str) -> str:
        title = self._titles.get(step_of(node) or 0, "")
        return f"{spoken(node)} “{title}”" if title else spoken(node)

    def _nodes(self, nodes: Iterable[str]) -> str:
        names = [self._node(node) for node in nodes]
        return _listed(names) if len(names) <= LISTED else f"{len(names)} parts"

    def _run(self, kind: e.RunKind, target: Target) -> str:
        match kind:
            case "start":
                return "the research"
            case "refresh":
                return "the update"
            case "edit":
                return "the run after the edit"
            case _:
                return f"the rerun of {self._target(target)}"

    def _target(self, target: Target) -> str:
        if target.stale:
            return "everything that is out of date"
        if target.phase:
            return spoken(target.phase)
        steps = target.steps or ()
        return self._nodes(map(step_node, steps)) if len(steps) <= LISTED else f"{len(steps)} steps"

    # Events

    def _created(self, event: e.SessionCreated) -> str:
        self._sources |= {source.source_id: source for source in event.sources}
        if event.fork is not None:
            kept = len(event.shared.results) if event.shared is not None else 0
            return (
                f"{who(event.by)} forked the session from another one at {self._node(event.fork.node)}: "
                f"it has {_count(kept, 'result')} of it."
            )
        return (
            f"{who(event.by)} created the session “{event.topic}” on {_count(len(event.sources), 'source')}."
        )

    def _sources_changed(self, event: e.SourcesChanged) -> str:
        added, changed = self._added(event), self._changed(event)
        checked = self._checked(event)
        self._sources |= {source.source_id: source for source in event.sources}
        for gone in event.removed:
            self._sources.pop(gone, None)
        if checked and not event.by:
            return " ".join(checked[:LISTED]) + (
                f" {len(checked) - LISTED} more were checked." if len(checked) > LISTED else ""
            )
        counts = (("added", len(added)), ("changed", len(changed)), ("removed", len(event.removed)))
        told = _listed([f"{count} {what}" for what, count in counts if count])
        return (
            f"{who(event.by)} changed the sources: {told}."
            if event.by
            else f"Sources were fetched anew: {told}."
        )

    def _checked(self, event: e.SourcesChanged) -> list[str]:
        """R36: what checks of watched sources told, a sentence each."""
        before = ((source, self._sources.get(source.source_id)) for source in event.sources)
        news = (
            (source, source.check)
            for source, known in before
            if source.check is not None and (known is None or known.check != source.check)
        )
        return [_check(source, check) for source, check in news]

    def _refused(self, event: e.CommandRefused) -> str:
        return (
            f"{who(event.by)} asked to {_KINDS.get(event.kind, event.kind)} and was refused: "
            f"{event.problem.detail}"
        )

    def _honoured(self, event: e.CommandHonoured) -> str:
        if event.command_id.startswith("interrupt-"):
            return "The active run was told to stop, to make way for another."
        what = self._runs.get(event.target) or (
            spoken(event.target) if event.target else "everything in the session"
        )
        return f"{who(event.by)} cancelled {what}."

    def _queued(self, event: e.RunQueued) -> str:
        if event.kind == "start":
            return f"{who(event.by)} started the research{_how(event.options)}."
        front = " It goes ahead of everything that waits." if event.front else ""
        asked = (
            "bring everything up to date" if event.target.stale else f"run {self._target(event.target)} again"
        )
        if event.kind == "edit":
            asked = f"run what is below {self._target(event.target)}"
        return f"{who(event.by)} asked to {asked}{_how(event.options)}.{front}"

    def _merged(self, event: e.RunMerged) -> str:
        return (
            f"{who(event.by)} asked for the same as a run that waits: it is now {self._runs[event.run_id]}."
        )

    def _started(self, event: e.RunStarted) -> str:
        return f"{_upper(self._of(event.run_id))} began."

    def _finished(self, event: e.RunFinished) -> str:
        why = f": {event.problem.detail}" if event.problem else "."
        did = {
            "completed": "is done",
            "failed": "failed",
            "cancelled": "was cancelled",
            "refused": "was refused at its turn",
        }
        return f"{_upper(self._of(event.run_id))} {did[event.outcome]}{why}"

    def _of(self, run_id: str) -> str:
        return self._runs.get(run_id, "the run")

    def _node_queued(self, event: e.NodeQueued) -> str:
        again = f", attempt {event.attempt}" if event.attempt > 1 else ""
        gaps = f", without {self._nodes(event.gaps)}" if event.gaps else ""
        return (
            f"{_upper(self._node(event.node))} {_either([event.node], 'is', 'are')} ready to "
            f"run{again}{gaps}."
        )

    def _node_started(self, event: e.NodeStarted) -> str:
        return f"A worker began {self._node(event.node)}."

    def _node_completed(self, event: e.NodeCompleted) -> str:
        headline = f": {event.headline}" if event.headline else ""
        same = " It says what it said before." if event.unchanged else ""
        return f"{_upper(self._node(event.node))} completed in {_seconds(event.seconds)}{headline}.{same}"

    def _node_failed(self, event: e.NodeFailed) -> str:
        if event.problem.type == "budget_reached":  # R29: it is as it was
            return (
                f"{_upper(self._node(event.node))} did not run to its end: {event.problem.detail} "
                f"{event.problem.action}"
            ).rstrip()
        then = f" {event.problem.action}".rstrip() if event.final else " It will be tried again."
        return f"{_upper(self._node(event.node))} failed: {event.problem.detail}{then}"

    def _kept(self, event: e.NodesKept) -> str:
        why = _either(
            event.nodes,
            "it is, since nothing that it reads has changed",
            "they are, since nothing that they read has changed",
        )
        if self._by_hand.issuperset(event.nodes):
            why = _either(event.nodes, "it is, since a user edited it", "they are, since a user edited them")
        return f"Kept as {why}: {self._nodes(event.nodes)}."

    def _blocked(self, event: e.NodesBlocked) -> str:
        needs = _either(event.nodes, "it needs", "they need")
        return f"Not run, since something that {needs} failed or was cancelled: {self._nodes(event.nodes)}."

    def _cancelling(self, event: e.NodeCancelling) -> str:
        return f"{_upper(self._node(event.node))} was told to stop."

    def _cancelled(self, event: e.NodeCancelled) -> str:
        return (
            f"{_upper(self._node(event.node))} {_either([event.node], 'was', 'were')} cancelled; what "
            "was there before is kept."
        )

    def _superseded(self, event: e.ResultSuperseded) -> str:
        return f"A late result of {self._node(event.node)} came and was set aside."

    def _edited(self, event: e.ArtifactEdited) -> str:
        same = " It says what it said before." if event.unchanged else ""
        return f"{who(event.by)} edited {spoken(event.node)}.{same}"

    def _lost(self, event: e.ArtifactLost) -> str:
        return f"{event.problem.detail} {event.problem.action}"

    def _accepted(self, event: e.NodeAccepted) -> str:
        return f"{who(event.by)} accepted {self._node(event.node)} as it is: {event.reason}"

    def _locked(self, event: e.NodeLocked) -> str:
        did = "locked" if event.locked else "unlocked"
        then = ": no cascade and no refresh runs it" if event.locked else ""
        return f"{who(event.by)} {did} {self._node(event.node)}{then}."

    def _tagged(self, event: e.SessionTagged) -> str:
        tags = f"now has the tags {_listed(list(event.tags))}" if event.tags else "has no tags any more"
        return f"{who(event.by)} changed the tags: the session {tags}."

    def _imported(self, event: e.ResultsImported) -> str:
        count = len(event.shared.results)
        return (
            f"{who(event.by)} imported what session {event.origin} of another installation had: "
            f"{count} result{'' if count == 1 else 's'}."
        )

    def _ended(self, event: e.SessionEnded) -> str:
        return f"{who(event.by)} {'deleted' if event.deleting else 'ended'} the session, or its batch."

    def _deleted(self, event: e.SessionDeleted) -> str:
        return "Everything of the session was removed."

    def _swept(self, event: e.SweepDone) -> str:
        return "Results that no longer count were removed from the store."


def _check(source: Source, check: Check) -> str:
    stored = source.stored.title if source.stored is not None else None
    name = source.title or stored or source.url or (source.search.search if source.search else "a source")
    told = {
        "unchanged": "is there again, as it was",
        "changed": "has changed",
        "found_more": "holds other sources than before",
        "moved": f"has moved to {check.moved_to}",
        "gone": "is gone",
        "forbidden": "is no longer given out",
        "challenge": "is shown to browsers only",
        "failed": "cannot be looked at",
    }[check.outcome]
    why = f": {check.detail}" if check.detail else "."
    return f"A check found that “{name}” {told}{why}"


def who(by: str) -> str:
    """Who did it, at the beginning of a sentence."""
    return _upper(by) if by else "Someone"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _either(nodes: Sequence[str], one: str, many: str) -> str:
    """What is said of one node, or of several and of one whose name is a plural."""
    return many if len(nodes) != 1 or nodes[0] in PLURAL else one


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nothing"


def _seconds(seconds: float) -> str:
    if seconds < 0.1:
        return "under 0.1 s"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _how(options: Options) -> str:
    """The options that are not as usual, in words."""
    said = [
        words
        for asked, words in (
            (options.propagation == "mark_stale", "leaving what is below it as it is"),
            (options.force, "whatever has changed"),
            (options.refetch, "fetching its sources again"),
            (bool(options.guidance), "with new guidance"),
            (options.guidance == "", "without guidance"),
            (
                options.engine is not None,
                f"with the engine {options.engine}" if options.engine else "with the usual engine",
            ),
            (
                options.language is not None,
                f"in the language {options.language}" if options.language else "in the topic's language",
            ),
            (
                options.model is not None,
                f"with the model {options.model}" if options.model else "with the usual model",
            ),
            (options.report is not None, "with other options of the report"),
            (options.section is not None, "only one section of it"),
            (options.allow_partial, "allowing a partial report"),
            (bool(options.max_tokens), f"spending at most {options.max_tokens or 0:,} tokens"),
            (
                bool(options.max_session_tokens),
                f"with a ceiling of {options.max_session_tokens or 0:,} tokens for the session",
            ),
            (options.max_session_tokens == 0, "without a ceiling of tokens for the session"),
            (
                options.stop_after is not None,
                f"stopping after {spoken(options.stop_after)}" if options.stop_after else "",
            ),
        )
        if asked
    ]
    return f", {_listed(said)}" if said else ""


_KINDS: Mapping[str, str] = {
    "rerun": "rerun",
    "cancel": "cancel",
    "accept": "accept an outdated result",
    "edit": "edit a result",
    "lock": "lock or unlock a result",
    "tag": "change the tags",
    "import": "import a session",
    "unreadable": "do something that could not be read",
}
_PLANS = (e.NodeCompleted, e.ArtifactEdited)
_SENTENCES: Mapping[type, Callable[[Narrator, Any], str]] = {
    e.SessionCreated: Narrator._created,
    e.SourcesChanged: Narrator._sources_changed,
    e.CommandRefused: Narrator._refused,
    e.CommandHonoured: Narrator._honoured,
    e.RunQueued: Narrator._queued,
    e.RunMerged: Narrator._merged,
    e.RunStarted: Narrator._started,
    e.RunFinished: Narrator._finished,
    e.NodeQueued: Narrator._node_queued,
    e.NodeStarted: Narrator._node_started,
    e.NodeCompleted: Narrator._node_completed,
    e.NodeFailed: Narrator._node_failed,
    e.NodesKept: Narrator._kept,
    e.NodesBlocked: Narrator._blocked,
    e.NodeCancelling: Narrator._cancelling,
    e.NodeCancelled: Narrator._cancelled,
    e.ResultSuperseded: Narrator._superseded,
    e.ArtifactEdited: Narrator._edited,
    e.ArtifactLost: Narrator._lost,
    e.NodeAccepted: Narrator._accepted,
    e.NodeLocked: Narrator._locked,
    e.SessionTagged: Narrator._tagged,
    e.ResultsImported: Narrator._imported,
    e.SessionEnded: Narrator._ended,
    e.SessionDeleted: Narrator._deleted,
    e.SweepDone: Narrator._swept,
}
