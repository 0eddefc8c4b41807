"""The artifacts: what each phase makes, what of it counts as its meaning, and how it is named.

An artifact is one JSON object in S3. `sha256` names its bytes. `parts` names its meaning: for each part that
a reader may depend on, the hash of the canonical JSON without times, executions, tokens, durations, fetch
outcomes, scratchpad or `changes`. Two runs that say the same thing have equal parts, whatever their bytes.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import Field, StringConstraints, ValidationError, model_validator

from reprise_contracts.nodes import NodeId, Phase
from reprise_contracts.sources import FailureReason, Outcome, Work
from reprise_contracts.wire import Id, Instant, Malformed, Message, Sha256, digest, explain, normalised

WHOLE = "output"
"""The part that is the whole meaning."""
ABSTRACT = "abstract"
"""Phase 0: summaries, abstract and themes."""
TEXTS = "texts"
"""Phase 0: the texts of all sources together."""
REFERENCES = "references"
"""Phase 0: what a reference list says of each source, and why the others are not in it."""


def text_part(source_id: str) -> str:
    """Phase 0: the text of one source."""
    return f"text/{source_id}"


_SECTION = "section/"


def section_part(section_id: str) -> str:
    """Phase 4: one section that can be written again by itself."""
    return f"{_SECTION}{section_id}"


def sections_in(parts: Iterable[str]) -> tuple[str, ...]:
    """The sections among the parts of a report, by id."""
    return tuple(part.removeprefix(_SECTION) for part in parts if part.startswith(_SECTION))


class ObjectRef(Message):
    """An object in the store, by key and bytes."""

    key: str
    sha256: Sha256
    bytes: int = 0


class InputRef(Message):
    """An artifact as it was read: which object, and the hash of the part that was read."""

    key: str
    sha256: Sha256
    output: str


class Tokens(Message):
    """Tokens spent with a model, and their cost where a price is known."""

    prompt: int = 0
    completion: int = 0
    cost_usd: float | None = None

    @property
    def total(self) -> int:
        """Prompt and completion together."""
        return self.prompt + self.completion


class Told(Message):
    """What a model answered for an artifact, asked now or as an earlier record has it (R32)."""

    calls: int = 0
    tokens: int = 0
    """Of questions and answers, when they were asked."""
    margin: int = 0
    """Tokens that had to be free beyond these before the last of the questions could be asked (R29): as many
    as one of them might have cost more than it did, at most."""


class Stand(Message):
    """What became of the pieces of one kind that a model gave: claims, sentences, goals, steps, insights."""

    said: int = 0
    kept: int = 0
    """As they were said."""
    mended: int = 0
    """By the model, when it was told what was wrong."""
    replaced: int = 0
    """By what code took in their place, such as a sentence of the source. The rest is gone."""

    @property
    def gone(self) -> int:
        """Left out."""
        return self.said - self.kept - self.mended - self.replaced

    def with_more(self, other: "Stand") -> "Stand":
        """Both together."""
        return Stand(
            said=self.said + other.said,
            kept=self.kept + other.kept,
            mended=self.mended + other.mended,
            replaced=self.replaced + other.replaced,
        )


class Meta(Message):
    """Where an artifact came from. None of it is part of the meaning."""

    batch_id: str = ""
    session_id: str = ""
    node: NodeId | None = None
    generation: int = 0
    attempt: int = 0
    execution_id: str = ""
    by: str = "worker"
    engine: str = ""
    model: str = ""
    guidance: str = ""
    language: str = ""
    """That was asked for; empty: the topic's."""
    versions: dict[str, str] = Field(default_factory=dict)
    """Versions of the code and the prompts that made it (R6)."""
    fallbacks: tuple[str, ...] = ()
    """Pieces that the engine's model did not give in a form that holds, so that they were made without it,
    and why."""
    stands: dict[str, Stand] = Field(default_factory=dict)
    """By kind: what became of the pieces that the engine's model gave."""
    record: str = ""
    """The sha256 of the object beside this one that holds every call it was made with (R32); empty where
    there was none."""
    reused: int = 0
    """Calls that were answered from an earlier record."""
    created_at: Instant | None = None
    seconds: float = 0.0
    tokens: Tokens = Tokens()
    inputs: dict[str, InputRef] = Field(default_factory=dict)
    trace: str = ""
    """W3C `traceparent` of the attempt that made it, in the trace of the call that asked for it."""


class Artifact(Message):
    """What every artifact has."""

    NOT_MEANING: ClassVar[dict[str, object]] = {"meta": True}
    """What `meaning` leaves out, in pydantic's `exclude` form."""

    meta: Meta = Meta()

    def document(self) -> bytes:
        """The object's bytes: every field, readable by anyone."""
        return self.model_dump_json(indent=None).encode()

    @classmethod
    def read(cls: type["A"], data: bytes) -> "A":
        """Parse an object's bytes; raises `Malformed`."""
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise Malformed(explain(error, cls.__name__)) from error

    def meaning(self) -> dict[str, object]:
        """What it says, without how and when it was made."""
        return self.model_dump(mode="json", exclude=self.NOT_MEANING)  # type: ignore[arg-type]  # pydantic's type is private

    def parts(self) -> dict[str, str]:
        """Name of each part that can be read by itself, and its hash; always with `output`, the whole."""
        return {WHOLE: digest(self.meaning())}


A = TypeVar("A", bound=Artifact)


class Profile(Message):
    """Who a source is, as an engine's model judges it by the text: an assessment, and shown as one. Empty
    where the text shows nothing."""

    speaker: str = ""
    interest: str = ""
    method: str = ""
    sample: str = ""
    relies: str = ""
    """On whose figures it relies, in words."""
    firsthand: Literal["yes", "no", "mixed", ""] = ""
    depends_on: tuple[Id, ...] = ()
    """Sources of the same research whose figures or statements it repeats."""


class PreparedSource(Message):
    """One source after phase 0: what became of it, and its text's hash."""

    source_id: Id
    url: str | None = None
    title: str = ""
    status: Literal["ready", "failed", "duplicate", "opened"] = "ready"
    """`opened`: it holds other sources, and is read by them."""
    outcome: Outcome = "fetched"
    reason: FailureReason | None = None
    detail: str | None = None
    action: str | None = None
    """What the user can do about a failure."""
    text_sha256: Sha256 | None = None
    final_url: str | None = None
    site: str = ""
    """Who speaks: the registered domain or the file; sources of one site are not independent of each
    other."""
    content_type: str | None = None
    method: str | None = None
    language: str | None = None
    author: str | None = None
    published: str | None = None
    duplicate_of: Id | None = None
    similarity: float | None = None
    """How near a near duplicate is, 0 to 1."""
    words: int = 0
    accessed_at: Instant | None = None
    profile: Profile | None = None
    part_of: Id | None = None
    """The source that holds it."""
    work: Work | None = None


class Excerpt(Message):
    """A verbatim passage: `quote == text[start:end]`, offsets in Unicode code points."""

    quote: str
    start: int
    end: int
    kind: Literal["fact", "opinion", "figure"] = "fact"


class Summary(Message):
    """The summary of one source."""

    source_id: Id
    summary: str
    excerpts: tuple[Excerpt, ...] = ()
    profile: Profile | None = None
    """As the engine gives it; phase 0 keeps it with the source."""


class Theme(Message):
    """A subject that several sources speak of."""

    label: str
    source_ids: tuple[Id, ...] = ()
    terms: tuple[str, ...] = ()


class Phase0(Artifact):
    """Prepare: the sources with their outcomes, a summary of each, the combined abstract."""

    NOT_MEANING: ClassVar[dict[str, object]] = {
        "meta": True,
        "sources": {"__all__": {"outcome", "accessed_at", "detail"}},
    }

    sources: tuple[PreparedSource, ...] = ()
    summaries: tuple[Summary, ...] = ()
    abstract: str = ""
    themes: tuple[Theme, ...] = ()

    def parts(self) -> dict[str, str]:
        """The text of each source and all of them, the abstract, the references, the whole."""
        references = [
            (s.source_id, s.title, s.url, s.final_url, s.author, s.published)
            for s in self.sources
            if s.text_sha256
        ]
        unread = [
            (s.source_id, s.title, s.url, s.reason, s.detail, s.duplicate_of)
            for s in self.sources
            if s.status != "ready"
        ]
        profiles = [
            (s.source_id, s.profile.model_dump(mode="json")) for s in self.sources if s.profile is not None
        ]
        listed = (
            [references, unread, *([profiles] if profiles else [])] if unread or profiles else references
        )  # what a report says of each
        own = {"source_id", "summary", "excerpts"}
        abstract = {
            "abstract": self.abstract,
            "summaries": [s.model_dump(mode="json", include=own) for s in self.summaries],
            "themes": [t.model_dump(mode="json") for t in self.themes],
        }
        read = [s for s in self.sources if s.text_sha256 and s.status == "ready"]
        texts = {
            text_part(s.source_id): digest([s.text_sha256, s.site, s.title]) for s in read
        }  # steps count independent sites
        return (
            super().parts()
            | {ABSTRACT: digest(abstract), TEXTS: digest(texts), REFERENCES: digest(listed)}
            | texts
        )


class Goal(Message):
    """One question worth answering, why, and from which sources."""

    goal_id: Id
    question: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    rationale: str = ""
    source_ids: tuple[Id, ...] = ()


class Phase1(Artifact):
    """Discover: the goals."""

    goals: tuple[Goal, ...] = ()


StepKind = Literal["retrieve", "compare", "missing", "answer", "rest"]
"""What a step does (R30): `retrieve` finds statements on its subject, `answer` those that come closest to the
topic's own question, `compare` says where the findings that it depends on agree and disagree, `missing` what
they leave open, `rest` what the sources say besides what those have quoted. Nothing infers it from words."""


class Step(Message):
    """One step of the plan. Its identity is its kind, what it asks, of whom, and what it builds on: never its
    position (R9)."""

    step_id: Annotated[int, Field(ge=1)]
    kind: StepKind = "retrieve"
    title: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    description: str = ""
    query: str = ""
    source_ids: tuple[Id, ...] = ()
    depends_on: tuple[int, ...] = ()
    goal_ids: tuple[Id, ...] = ()


class FormerStep(Message):
    """A step of an earlier plan that the later one is without."""

    step_id: int
    title: str = ""
    replaced_by: int | None = None
    """The step of a later plan that asks for the like; None where none does."""


class Phase2(Artifact):
    """Synthesize: one goal that brings the others together, and the plan."""

    NOT_MEANING: ClassVar[dict[str, object]] = {"meta": True, "former": True}

    synthesized_goal: str = ""
    steps: tuple[Step, ...] = ()
    former: tuple[FormerStep, ...] = ()
    """What earlier plans had and this one is without, the latest last."""

    @model_validator(mode="after")
    def _sound(self) -> "Phase2":
        check_plan(self.steps)
        return self


class Citation(Message):
    """Where a claim stands: `quote == text[start:end]` in the text with this hash, offsets in Unicode code
    points."""

    source_id: Id
    text_sha256: Sha256
    quote: str
    start: int
    end: int
    score: float = 1.0
    """1 for an exact quote; below 1 for one that was repaired from a near match."""


class Contradiction(Message):
    """Another finding or source that says otherwise."""

    claim: str
    citation: Citation
    reason: str = ""
    """In words, for people."""
    values: tuple[str, ...] = ()
    """The two words or figures that exclude each other, the finding's own first, as written; empty where it
    is no matter of two."""


class Finding(Message):
    """One claim with its evidence."""

    finding_id: Id
    claim: str
    citations: tuple[Citation, ...] = ()
    confidence: Literal["high", "medium", "low"] = "low"
    confidence_reason: str = ""
    support: int = 0
    """How many independent sources say so."""
    contradicts: tuple[Contradiction, ...] = ()
    beside: tuple[Contradiction, ...] = ()
    """Other figures of the same measure, which may be of another thing: worth reading beside it, and no
    contradiction."""
    calculation: str = ""
    """How figures of the claim follow from those of its citations, worked out again by code: `412 × 11 ÷ 100
    = 45.32`."""


class ScratchpadEntry(Message):
    """What the step did on its way; shown to the curious, no part of the meaning."""

    kind: str
    text: str


class StepFindings(Artifact):
    """Execute: what one step found."""

    NOT_MEANING: ClassVar[dict[str, object]] = {"meta": True, "scratchpad": True}

    step_id: int
    kind: StepKind = "retrieve"
    """The kind of the step."""
    title: str = ""
    findings: tuple[Finding, ...] = ()
    insights: tuple[str, ...] = ()
    insights_from: tuple[tuple[str, ...], ...] = ()
    """For each insight the findings that it follows from, where the engine says so."""
    gaps: tuple[str, ...] = ()
    scratchpad: tuple[ScratchpadEntry, ...] = ()
    dropped_citations: int = 0
    """Citations that code could not find in their source, and that were left out."""


class Bar(Message):
    """One bar of a chart: a figure as a source gives it."""

    value: float
    """In the first unit of its kind; only the ratio to the other bars of its comparison means something."""
    text: str
    """The figure in the source's words."""
    references: tuple[int, ...] = ()


class BarGroup(Message):
    """Figures of one kind on one subject."""

    subject: str
    bars: tuple[Bar, ...] = ()


class Chart(Message):
    """A drawing of figures that differ. What it shows also stands in the section's text."""

    title: str
    comparisons: tuple[BarGroup, ...] = ()


class Section(Message):
    """One section of the report."""

    section_id: Id
    title: str
    markdown: str
    steps: tuple[int, ...] = ()
    finding_ids: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()


class Reference(Message):
    """One numbered source of the report."""

    number: int
    source_id: Id
    title: str = ""
    url: str | None = None
    author: str | None = None
    published: str | None = None
    work: Work | None = None
    """Of a publication: how catalogues name it."""
    citations: tuple[Citation, ...] = ()
    """The passages that the report cites of it, in order of appearance."""


class SectionChange(Message):
    """What became of a section since the report before."""

    title: str
    change: Literal["added", "removed", "changed", "unchanged"]


class Changes(Message):
    """What changed since the report before this one, and why (R25). No old text."""

    sections: tuple[SectionChange, ...] = ()
    reasons: tuple[str, ...] = ()


class Missing(Message):
    """A step that the report had to do without, or with an older result of (R19)."""

    node: NodeId
    used: Literal["nothing", "last_good"] = "nothing"
    reason: str = ""


class Phase4(Artifact):
    """Report: the text, its references, the exact inputs that it was made from (R18)."""

    NOT_MEANING: ClassVar[dict[str, object]] = {"meta": True, "changes": True, "inputs": True}

    title: str = ""
    markdown: str = ""
    sections: tuple[Section, ...] = ()
    references: tuple[Reference, ...] = ()
    inputs: dict[str, Sha256] = Field(default_factory=dict)
    """By node the sha256 of the artifact that was read, by `node#part` the hash of the one part that was."""
    changes: Changes | None = None
    unsupported_claims: tuple[str, ...] = ()
    partial: tuple[Missing, ...] = ()

    def parts(self) -> dict[str, str]:
        """The whole, and each section that can be written again by itself (R31): those that tell findings."""
        own = {
            section_part(one.section_id): digest(one.model_dump(mode="json"))
            for one in self.sections
            if one.finding_ids
        }
        return super().parts() | own


MODELS: dict[Phase, type[Artifact]] = {
    "phase0": Phase0,
    "phase1": Phase1,
    "phase2": Phase2,
    "phase3": StepFindings,
    "phase4": Phase4,
}


def check_plan(steps: tuple[Step, ...]) -> None:
    """Raise ValueError unless numbers are unique and each step depends on earlier steps of the same plan
    only."""
    seen: set[int] = set()
    for step in steps:
        if step.step_id in seen:
            raise ValueError(f"step number {step.step_id} is used twice")
        for other in step.depends_on:
            if other not in seen:
                raise ValueError(
                    f"step {step.step_id} depends on {other}, which is not an earlier step of this plan"
                )
        seen.add(step.step_id)


def identities(steps: tuple[Step, ...]) -> dict[int, str]:
    """The identity of each step (R9, R30), by number: the hash of its normalised title, description and
    query, its named sources, the identities of the steps that it depends on, and its kind. The kind
    `retrieve` adds nothing, so that a step keeps the identity that it had before steps said their kind.
    `steps` is in an order that `check_plan` accepts."""
    found: dict[int, str] = {}
    for step in steps:
        found[step.step_id] = digest(
            [
                normalised(step.title),
                normalised(step.description),
                normalised(step.query),
                sorted(step.source_ids),
                sorted(found[other] for other in step.depends_on),
                *([] if step.kind == "retrieve" else [step.kind]),
            ]
        )
    return found


def number_steps(proposed: tuple[Step, ...], before: tuple[Step, ...], next_number: int) -> tuple[Step, ...]:
    """Give a new plan its numbers (R9): equal identity keeps the number of the old plan, anything else gets
    the next one.

    `proposed` carries any unique numbers, which its `depends_on` use; of two steps with one identity only the
    first is kept.
    """
    known = {identity: number for number, identity in identities(before).items()}
    own = identities(proposed)
    final: dict[int, int] = {}
    taken: dict[str, int] = {}
    steps: list[Step] = []
    for step in proposed:
        identity = own[step.step_id]
        if identity in taken:
            final[step.step_id] = taken[identity]
            continue
        number = known.get(identity)
        if number is None:
            number, next_number = next_number, next_number + 1
        final[step.step_id] = taken[identity] = number
        depends_on = tuple(dict.fromkeys(final[other] for other in step.depends_on))
        steps.append(step.model_copy(update={"step_id": number, "depends_on": depends_on}))
    return tuple(steps)


class PlannedStep(Message):
    """What the log keeps of a step: enough to order, to compare and to speak of it."""

    step_id: int
    identity: str
    title: str = ""
    source_ids: tuple[Id, ...] = ()
    depends_on: tuple[int, ...] = ()


def planned(plan: Phase2) -> tuple[PlannedStep, ...]:
    """The plan as the log keeps it."""
    own = identities(plan.steps)
    return tuple(
        PlannedStep(
            step_id=s.step_id,
            identity=own[s.step_id],
            title=s.title[:120],
            source_ids=s.source_ids,
            depends_on=s.depends_on,
        )
        for s in plan.steps
    )
