"""How far each source of phase 0 is, in the frames that a client draws."""

from reprise_contracts.frames import (
    ScrapingItem,
    ScrapingItemProgress,
    ScrapingItemUpdate,
    ScrapingMetadata,
    ScrapingStatus,
    WorkflowProgress,
)
from reprise_contracts.sources import Source, Stored
from reprise_research.context import Context
from reprise_research.sources.site import site_of


class Watch:
    """Says how far each source is, in the frames that a client draws."""

    def __init__(self, context: Context, sources: tuple[Source, ...]) -> None:
        self._progress = context.progress
        self._items = {
            s.source_id: ScrapingItem(link_id=s.source_id, url=s.url, title=s.title or name_of(s))
            for s in sources
        }
        self._total = len(sources)

    def found(self, sources: tuple[Source, ...]) -> None:
        """Sources that others hold are to be prepared, too."""
        new = {s.source_id: ScrapingItem(link_id=s.source_id, url=s.url, title=name_of(s)) for s in sources}
        self._items = new | self._items
        self._total = len(self._items)

    def stage(self, source: Source, stage: str, share: float, message: str) -> None:
        """A source enters a stage; `share` of it is done, 0 to 100."""
        self._items[source.source_id] = self._items[source.source_id].model_copy(update={"status": stage})
        frame = ScrapingItemProgress(
            link_id=source.source_id,
            url=source.url,
            title=self._items[source.source_id].title,
            stage=stage,
            overall_progress=share,
            message=message,
            metadata=ScrapingMetadata(source=site_of(source)),
        )
        self._progress(frame)

    def ended(self, source: Source, stored: Stored, trouble: str | None) -> None:
        """A source came to its end; `trouble` is what went wrong although there is a text."""
        failed = stored.text_sha256 is None
        status = "failed" if failed else "completed"
        detail = stored.detail if failed else trouble
        title = stored.title or source.title or name_of(source)
        ended = ScrapingItem(
            link_id=source.source_id,
            url=source.url,
            title=title,
            status=status,
            error=detail,
            reason=stored.reason,
        )
        self._items[source.source_id] = ended
        self._progress(
            ScrapingItemUpdate(
                link_id=source.source_id,
                url=source.url,
                title=title,
                status=status,
                error=detail,
                reason=stored.reason,
                metadata=ScrapingMetadata(
                    source=site_of(source, stored.final_url),
                    bytes_downloaded=stored.bytes or None,
                    total_bytes=stored.bytes or None,
                    word_count=stored.words or None,
                ),
            )
        )
        completed, failures = self.counted()
        share = 60.0 * (completed + failures) / self._total
        self._progress(
            WorkflowProgress(
                phase="phase0", progress=share, message=f"{completed + failures} of {self._total} sources"
            )
        )

    def counted(self) -> tuple[int, int]:
        """Show all sources by name with how far each is; returns how many are completed and how many
        failed."""
        counts = [item.status for item in self._items.values()]
        completed, failures = counts.count("completed"), counts.count("failed")
        waiting = counts.count("pending")
        under_way = self._total - completed - failures - waiting
        self._progress(
            ScrapingStatus(
                total=self._total,
                completed=completed,
                failed=failures,
                inProgress=under_way,
                items=tuple(self._items.values()),
            )
        )
        return completed, failures


def name_of(source: Source) -> str:
    """What a reader calls a source before its document has told its title."""
    if source.part_of is not None and source.title:
        return source.title
    if source.upload is not None and source.upload.filename:
        return source.upload.filename
    if source.search is not None:
        return source.title or f"Search: {source.search.search}"
    return source.title or source.url or source.source_id
