"""Sources that others hold: they come with what holds them, are the batch's like any other, and go with it
(R33, R40)."""

from datetime import UTC, datetime

from reprise_contracts.commands import CreateBatch, PutSources, RemoveSource, SessionSpec
from reprise_contracts.jobs import StoredFact
from reprise_contracts.sources import Search, Source, Stored, StoredSource
from reprise_domain.batch import Batch, BatchInput, decide_batch, reduce_batch

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SEARCH = Source(source_id="s", search=Search(search="lake"))


def told(batch: Batch | None, given: BatchInput) -> Batch:
    """The batch after an input."""
    for event in decide_batch(batch, "b", given, NOW):
        batch = reduce_batch(batch, event, NOW)
    assert batch is not None
    return batch


def begun(*sources: Source) -> Batch:
    session = SessionSpec(session_id="x", topic="T")
    return told(None, CreateBatch(command_id="c", sources=sources, session=session))


def found(*names: str, revision: int = 1) -> StoredFact:
    """Phase 0 searched, and read what it found."""
    listing = "".join(sorted(names)).encode().hex().ljust(64, "0")
    whole = Stored(revision=revision, text_sha256=listing, holds=names)
    held = [
        StoredSource(
            source_id=name,
            stored=Stored(text_sha256="a" * 64),
            source=Source(source_id=name, url=f"https://example.org/{name}", part_of="s"),
        )
        for name in names
    ]
    news = (StoredSource(source_id="s", stored=whole), *held)
    return StoredFact(session_id="x", execution_id="e", stored=news)


def test_r33_what_a_search_found_are_sources_until_it_finds_them_no_more() -> None:
    batch = told(begun(SEARCH), found("p", "q"))
    assert list(batch.sources) == ["s", "p", "q"]
    assert batch.sources["p"].stored is not None
    assert decide_batch(batch, "b", found("p", "q"), NOW) == ()
    assert list(told(batch, found("q", "r")).sources) == ["s", "q", "r"]


def test_r33_what_nothing_holds_is_not_taken() -> None:
    """A fact on a search that was replaced meanwhile says nothing of the new one, and brings nothing."""
    batch = told(begun(SEARCH), found("p"))
    other = Source(source_id="s", search=Search(search="sea"))
    replaced = told(batch, PutSources(command_id="d", sources=(other,)))
    assert list(replaced.sources) == ["s"] and replaced.sources["s"].revision == 2
    assert list(told(replaced, found("q")).sources) == ["s"]
    assert list(told(replaced, found("q", revision=2)).sources) == ["s", "q"]


def test_r40_a_search_that_is_given_again_is_what_it_was() -> None:
    batch = told(begun(SEARCH), found("p"))
    other = told(
        batch, PutSources(command_id="d", sources=(Source(source_id="s", search=Search(search="sea")),))
    )
    again = told(other, PutSources(command_id="e", sources=(SEARCH,)))
    assert again.sources["s"] == batch.sources["s"]
    page = Source(source_id="n", url="https://example.org/p")
    assert told(other, PutSources(command_id="f", sources=(page,))).sources["n"].part_of is None


def test_a_source_goes_with_what_it_holds_and_a_held_one_alone() -> None:
    """The last that can be read cannot be removed."""
    page = Source(source_id="n", url="https://example.org/n")
    batch = told(begun(SEARCH, page), found("p", "q"))
    assert list(told(batch, RemoveSource(command_id="d", source_id="s")).sources) == ["n"]
    one = told(batch, RemoveSource(command_id="d", source_id="p"))
    assert list(one.sources) == ["s", "n", "q"]
    stored = one.sources["s"].stored
    assert stored is not None and stored.holds == ("q",)
    alone = told(told(begun(SEARCH), found("p")), RemoveSource(command_id="d", source_id="p"))
    assert list(alone.sources) == ["s", "p"]
