"""What every phase checks of what an engine hands back: quotes stand where they are said to stand."""

import asyncio

from reprise_contracts.artifacts import Citation, Contradiction, Excerpt, Finding, Summary
from reprise_research.brief import Library
from reprise_research.text.citations import checked, is_exact, locate
from reprise_research.text.prose import instructs


async def check_citation(citation: Citation, library: Library) -> Citation | None:
    """The citation as it holds, or None. A source outside the library cannot be cited, nor words that a
    source says to a machine."""
    if citation.source_id not in library or instructs(citation.quote):
        return None
    text = await library.text(citation.source_id)
    sha256 = library.source(citation.source_id).text_sha256 or ""
    if is_exact(text, citation.quote, citation.start, citation.end):
        return checked(citation, text, sha256)
    return await asyncio.to_thread(checked, citation, text, sha256)


async def check_finding(finding: Finding, library: Library) -> tuple[Finding | None, int]:
    """The finding with the citations that hold, and how many did not. A finding that loses all of them is
    None."""
    kept, dropped = [], 0
    for citation in finding.citations:
        good = await check_citation(citation, library)
        if good is None:
            dropped += 1
        else:
            kept.append(good)
    against: list[Contradiction] = []
    for contradiction in finding.contradicts:
        good = await check_citation(contradiction.citation, library)
        if good is None:
            dropped += 1
        else:
            against.append(contradiction.model_copy(update={"citation": good}))
    beside: list[Contradiction] = []
    for other in finding.beside:
        good = await check_citation(other.citation, library)
        if good is None:
            dropped += 1
        else:
            beside.append(other.model_copy(update={"citation": good}))
    if not kept:
        return None, dropped
    held = {"citations": tuple(kept), "contradicts": tuple(against), "beside": tuple(beside)}
    return finding.model_copy(update=held), dropped


async def check_summary(summary: Summary, library: Library) -> Summary:
    """The summary with the excerpts that hold; a near one is moved to where it stands."""
    if not summary.excerpts:
        return summary
    text = await library.text(summary.source_id)
    kept: list[Excerpt] = []
    for excerpt in summary.excerpts:
        if is_exact(text, excerpt.quote, excerpt.start, excerpt.end):
            kept.append(excerpt)
            continue
        place = await asyncio.to_thread(locate, text, excerpt.quote, excerpt.start)
        if place is not None:
            kept.append(
                Excerpt(
                    quote=text[place.start : place.end], start=place.start, end=place.end, kind=excerpt.kind
                )
            )
    return summary.model_copy(update={"excerpts": tuple(kept)})
