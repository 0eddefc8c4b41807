"""A research session: everything that the phases read and write, in one value that is saved and loaded whole.

Each artifact is kept with its time and with the hash of every input that it was made from. Whether it still holds is derived from
those hashes, never marked: put a new artifact, and what depended on the old one is stale; put the old one again, and it is fresh (R3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from typing import TypeVar

from pydantic import Field

from reprise_contracts.artifacts import (
    ABSTRACT,
    MODELS,
    REFERENCES,
    WHOLE,
    Artifact,
    Phase0,
    Phase1,
    Phase2,
    Phase4,
    Step,
    StepFindings,
    identities,
    text_part,
)  # fmt: skip
from reprise_contracts.nodes import phase_of, step_node, step_of
from reprise_contracts.sources import Source, StoredSource
from reprise_contracts.wire import Instant, Message, digest
from reprise_research.errors import NothingToRead
from reprise_research.stores import write_atomically

A = TypeVar("A", bound=Artifact)
_FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """An artifact, when it was put, and the hash of each input that it was made from."""

    artifact: Artifact
    at: datetime
    reads: Mapping[str, str]

    @cached_property
    def parts(self) -> dict[str, str]:
        """The hash of each part of the artifact."""
        return self.artifact.parts()


class _SavedEntry(Message):
    artifact: str
    at: Instant
    reads: dict[str, str] = Field(default_factory=dict)


class _Saved(Message):
    format: int = _FORMAT
    topic: str
    engine: str = ""
    model: str = ""
    language: str = ""
    key: str = Field(default_factory=lambda: token_hex(16))
    guidance: dict[str, str] = Field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    next_step: int = 1
    entries: dict[str, _SavedEntry] = Field(default_factory=dict)


@dataclass
class ResearchSession:
    """The state of one research. Texts and downloads are in the store, by the hashes in here."""

    topic: str
    sources: tuple[Source, ...] = ()
    engine: str = "extractive"
    model: str = ""
    guidance: dict[str, str] = field(default_factory=dict)
    """By phase or step; a step without its own has that of `phase3`."""
    next_step: int = 1
    entries: dict[str, Entry] = field(default_factory=dict)
    language: str = ""
    """To write in, as a code (`de`); empty: the topic's. The extractive engine writes in `en` and `zh`."""
    key: str = field(default_factory=lambda: token_hex(16))
    """What nobody who writes a source can know: material is set apart by a mark made from it."""

    # What is there

    @property
    def phase0(self) -> Phase0:
        """The prepared sources; raises `NothingToRead`."""
        return self._typed("phase0", Phase0)

    @property
    def phase1(self) -> Phase1:
        """The goals; raises `NothingToRead`."""
        return self._typed("phase1", Phase1)

    @property
    def phase2(self) -> Phase2:
        """The plan; raises `NothingToRead`."""
        return self._typed("phase2", Phase2)

    @property
    def phase4(self) -> Phase4:
        """The report; raises `NothingToRead`."""
        return self._typed("phase4", Phase4)

    @property
    def findings(self) -> dict[int, StepFindings]:
        """What the steps of the plan found, those that have run, in the plan's order."""
        found = {}
        for step in self.phase2.steps if "phase2" in self.entries else ():
            entry = self.entries.get(step_node(step.step_id))
            if entry is not None and isinstance(entry.artifact, StepFindings):
                found[step.step_id] = entry.artifact
        return found

    def step(self, step_id: int) -> Step:
        """One step of the plan; raises `NothingToRead` and names the valid numbers."""
        for step in self.phase2.steps:
            if step.step_id == step_id:
                return step
        valid = ", ".join(str(step.step_id) for step in self.phase2.steps)
        raise NothingToRead(f"The plan has no step {step_id}.", f"Its steps are {valid}.")

    def guidance_for(self, node: str) -> str:
        """The guidance of a node."""
        return self.guidance.get(node, self.guidance.get("phase3", "") if node.startswith("phase3/") else "")

    # What happens

    def put(self, node: str, artifact: Artifact, reads: Mapping[str, str] | None = None, at: datetime | None = None) -> tuple[str, ...]:
        """Keep an artifact, in place of the one before. `reads` are the inputs that it was made from (`inputs_of`, taken before the
        work); without them it counts as made from today's. A new plan drops the findings of steps that it no longer has (R9).

        Returns the nodes that this made stale."""
        before = set(self.stale())
        made_from = dict(reads) if reads is not None else self.inputs_of(node)
        self.entries[node] = Entry(artifact, at or datetime.now(UTC), made_from)
        if isinstance(artifact, Phase2):
            kept = {step.step_id for step in artifact.steps}
            self.next_step = max([self.next_step, *(number + 1 for number in kept)])
            for other in [n for n in self.entries if step_of(n) is not None and step_of(n) not in kept]:
                del self.entries[other]
        return tuple(other for other in self.stale() if other not in before)

    def keep_stored(self, stored: tuple[StoredSource, ...]) -> None:
        """Take over what phase 0 stored of its sources."""
        news = {one.source_id: one.stored for one in stored}
        self.sources = tuple(s.model_copy(update={"stored": news[s.source_id]}) if s.source_id in news else s for s in self.sources)

    # What still holds

    def nodes(self) -> tuple[str, ...]:
        """Every node that there is now, each after those that it depends on."""
        steps = tuple(step_node(step.step_id) for step in self.phase2.steps) if "phase2" in self.entries else ()
        return ("phase0", "phase1", "phase2", *steps, "phase4")

    def inputs_of(self, node: str) -> dict[str, str]:
        """The hash of each input of a node as it stands now; an input that is not there is empty."""
        own = {"engine": self.engine, "model": self.model, "guidance": self.guidance_for(node), "language": self.language}
        number = step_of(node)
        if number is not None:
            return own | self._step_inputs(number)
        if node == "phase0":
            named = [(s.source_id, s.revision, s.url, s.title, s.upload.sha256 if s.upload else None) for s in self.sources]
            return own | {"topic": self.topic, "sources": digest(named)}
        if node == "phase1":
            return own | {"phase0": self._part("phase0", ABSTRACT)}
        if node == "phase2":
            return own | {"phase0": self._part("phase0", ABSTRACT), "phase1": self._part("phase1", WHOLE)}
        steps = [step_node(step.step_id) for step in self.phase2.steps] if "phase2" in self.entries else []
        read = {"phase0": self._part("phase0", REFERENCES), "phase2": self._part("phase2", WHOLE)}
        return own | read | {other: self._part(other, WHOLE) for other in steps}

    def stale(self) -> dict[str, str]:
        """The nodes that have an artifact which no longer holds, with the reason in words (R3, R5)."""
        found: dict[str, str] = {}
        for node in self.nodes():
            entry = self.entries.get(node)
            if entry is None:
                continue
            now = self.inputs_of(node)
            moved = sorted(name for name in {*now, *entry.reads} if now.get(name) != entry.reads.get(name))
            upstream = [name for name in self._above(node) if name in found]
            if moved:
                found[node] = f"changed since: {', '.join(moved)}"
            elif upstream:
                found[node] = f"depends on what is stale: {', '.join(upstream)}"
        return found

    def is_fresh(self, node: str) -> bool:
        """Whether a node has an artifact that holds."""
        return node in self.entries and node not in self.stale()

    # Saving

    def save(self, path: Path) -> None:
        """Write all of it to a file, in one move."""
        entries = {
            node: _SavedEntry(artifact=entry.artifact.document().decode(), at=entry.at, reads=dict(entry.reads))
            for node, entry in self.entries.items()
        }
        saved = _Saved(
            topic=self.topic, engine=self.engine, model=self.model, language=self.language, key=self.key, guidance=self.guidance,
            sources=self.sources, next_step=self.next_step, entries=entries,
        )  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, saved.model_dump_json(indent=1).encode())

    @classmethod
    def load(cls, path: Path) -> "ResearchSession":
        """Read what `save` wrote. Raises OSError and `reprise_contracts.wire.Malformed`."""
        saved = _Saved.decode(path.read_bytes())
        entries = {
            node: Entry(MODELS[phase_of(node)].read(entry.artifact.encode()), entry.at, entry.reads)
            for node, entry in saved.entries.items()
        }
        return cls(
            saved.topic, saved.sources, saved.engine, saved.model, dict(saved.guidance), saved.next_step, entries, saved.language, saved.key
        )

    def _above(self, node: str) -> tuple[str, ...]:
        """The nodes that a node reads."""
        number = step_of(node)
        if number is not None:
            return ("phase0", "phase2", *(step_node(other) for other in self.step(number).depends_on))
        own = {"phase0": (), "phase1": ("phase0",), "phase2": ("phase0", "phase1")}
        return own[node] if node in own else tuple(other for other in self.nodes() if other not in {"phase1", "phase4"})

    def _step_inputs(self, number: int) -> dict[str, str]:
        step = self.step(number)
        parts = self.entries["phase0"].parts if "phase0" in self.entries else {}
        named = [text_part(source_id) for source_id in step.source_ids] or sorted(name for name in parts if name.startswith("text/"))
        read = {name: parts.get(name, "") for name in named}
        read |= {step_node(other): self._part(step_node(other), WHOLE) for other in step.depends_on}
        return {"step": identities(self.phase2.steps)[number], **read}

    def _part(self, node: str, part: str) -> str:
        entry = self.entries.get(node)
        return entry.parts[part] if entry is not None else ""

    def _typed(self, node: str, kind: type[A]) -> A:
        entry = self.entries.get(node)
        if entry is None or not isinstance(entry.artifact, kind):
            raise NothingToRead(f"{node} has not been run.", f"Run {node} first.")
        return entry.artifact
