"""What every phase checks of what an engine hands back: quotes stand where they are said to stand."""

import asyncio
from collections.abc import Iterable

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
    every = [await check_citation(citation, library) for citation in finding.citations]
    kept = tuple(good for good in every if good is not None)
    against = await _held(finding.contradicts, library)
    beside = await _held(finding.beside, library)
    told = len(every) + len(finding.contradicts) + len(finding.beside)
    dropped = told - len(kept) - len(against) - len(beside)
    if not kept:
        return None, dropped
    return finding.model_copy(update={"citations": kept, "contradicts": against, "beside": beside}), dropped


async def _held(others: Iterable[Contradiction], library: Library) -> tuple[Contradiction, ...]:
    """Those whose citation holds."""
    found = [(other, await check_citation(other.citation, library)) for other in others]
    return tuple(other.model_copy(update={"citation": good}) for other, good in found if good is not None)


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
