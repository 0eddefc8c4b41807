"""Sources as a caller gives them: URLs as they are, texts and files stored first, under the hash of their
bytes."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from starlette.datastructures import UploadFile

from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source, SourceInput, Upload
from reprise_contracts.subjects import raw_key
from reprise_runtime.errors import Refused
from reprise_runtime.s3.artifact_store import ArtifactStore

MOST_SOURCES = 1_000
_OPENING = 60
"""Characters of a name that is made of a text's first words."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What a call brings along: named sources, then files."""

    named: Sequence[SourceInput] = ()
    files: Sequence[UploadFile] = ()

    def __len__(self) -> int:
        return len(self.named) + len(self.files)


class Sources:
    """Makes sources of a batch of what callers give."""

    def __init__(self, store: ArtifactStore, upload_bytes: int) -> None:
        self._store = store
        self._upload_bytes = upload_bytes

    async def take(
        self, batch_id: str, intake: Intake, ids: Iterable[str], new: set[str]
    ) -> tuple[Source, ...]:
        """Store texts and files; one source each, in order. An empty file among others is a source that phase
        0 finds empty, under its name; the others go on. Hashes of objects that were not there before are
        added to `new`. Raises `Refused` (invalid, too_large) and `StoreUnavailable`."""
        if not len(intake):
            raise Refused(
                Problem(
                    type="invalid",
                    code="no_sources_given",
                    field="sources",
                    detail="There are no sources.",
                    action="Name a URL, a text, a file or a search.",
                )
            )
        if len(intake) > MOST_SOURCES:
            detail = f"{len(intake)} sources are too many for one call; {MOST_SOURCES} are allowed."
            raise Refused(
                Problem(
                    type="too_large",
                    code="sources_too_many",
                    facts={"given": len(intake), "most": MOST_SOURCES},
                    field="sources",
                    detail=detail,
                    action="Add the others with a second call.",
                )
            )
        numbered: Iterator[str] = iter(ids)
        made = [await self._named(batch_id, next(numbered), given, new) for given in intake.named]
        made += [await self._file(batch_id, next(numbered), given, new) for given in intake.files]
        if all(source.upload is not None and not source.upload.bytes for source in made):
            names = ", ".join(
                (source.upload.filename if source.upload else None) or "a file" for source in made[:5]
            )
            detail = f"There is nothing to read: {names} {'is' if len(made) == 1 else 'are'} empty."
            raise Refused(
                Problem(
                    type="invalid",
                    code="sources_empty",
                    field="files",
                    detail=detail,
                    action="Give at least one source with content.",
                )
            )
        return tuple(made)

    async def _named(self, batch_id: str, source_id: str, given: SourceInput, new: set[str]) -> Source:
        if given.text is None:
            return Source(source_id=source_id, url=given.url, title=given.title, search=given.search)
        upload = await self._stored(batch_id, given.text.encode(), "text/plain; charset=utf-8", None, new)
        return Source(source_id=source_id, title=given.title or opening(given.text), upload=upload)

    async def _file(self, batch_id: str, source_id: str, given: UploadFile, new: set[str]) -> Source:
        name = (given.filename or "").replace("\\", "/").rsplit("/", 1)[-1][:255]
        data = await given.read(self._upload_bytes + 1)
        if len(data) > self._upload_bytes:
            detail = f"{name or 'A file'} is larger than {self._upload_bytes} bytes."
            raise Refused(
                Problem(
                    type="too_large",
                    code="file_too_large",
                    facts={"name": name, "most": self._upload_bytes},
                    field="files",
                    detail=detail,
                    action="Split it, or leave it out.",
                )
            )
        upload = await self._stored(
            batch_id, data, given.content_type or "application/octet-stream", name or None, new
        )
        return Source(source_id=source_id, upload=upload)

    async def _stored(
        self, batch_id: str, data: bytes, content_type: str, filename: str | None, new: set[str]
    ) -> Upload:
        sha256 = hashlib.sha256(data).hexdigest()
        key = raw_key(batch_id, sha256)
        if not await self._store.exists(key):
            new.add(sha256)
        await self._store.put(key, data)
        return Upload(sha256=sha256, bytes=len(data), content_type=content_type, filename=filename)


def opening(text: str) -> str:
    """What a text without a title is called: the beginning of its first line."""
    line = " ".join(text.split("\n", 1)[0].split()) or " ".join(text[:1000].split())
    return line if len(line) <= _OPENING else f"{line[: _OPENING - 1].rsplit(' ', 1)[0]}…"


def first_ids() -> Iterator[str]:
    """The ids of a new batch's sources: `src-1`, `src-2`, …"""
    number = 0
    while True:
        number += 1
        yield f"src-{number}"


def further_ids(command_id: str) -> Iterator[str]:
    """The ids of sources that a command adds: the same for a repeat, and never those of another command."""
    stem = hashlib.sha256(command_id.encode()).hexdigest()[:8]
    for number in first_ids():
        yield number.replace("src-", f"src-{stem}-")
