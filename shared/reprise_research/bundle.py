"""A session in one file: every artifact, what it was told, and the texts that it cites, enough to make all of
it again anywhere (R32); and what its log says of them with its sources, enough to go on anywhere (R41)."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import Field

from reprise_contracts.commands import SessionSpec
from reprise_contracts.events import Shared
from reprise_contracts.sources import Source
from reprise_contracts.wire import Malformed, Message, Sha256

MANIFEST = "session.json"
FORMAT = 2
"""What is written; whatever is not newer can be read."""
LARGEST = 512 * 1024 * 1024
"""Bytes of all files of a bundle, unpacked."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


class BundledFile(Message):
    """One file of a bundle, and the hash of its bytes."""

    name: str
    sha256: Sha256


class BundledNode(Message):
    """A node's artifact and, where it was made with calls, its record."""

    artifact: BundledFile
    record: BundledFile | None = None


class Manifest(Message):
    """What a bundle holds."""

    format: int = 1
    """2: it says why the report was out of date, has the older texts that are cited, and what can be
    imported."""
    session_id: str
    topic: str = ""
    nodes: dict[str, BundledNode] = Field(default_factory=dict)
    texts: tuple[Sha256, ...] = ()
    """Those that phase 0 prepared, and those that findings or the report still cite."""
    outdated: tuple[str, ...] = ()
    """Why the report was out of date when the session was packed, in sentences; empty: it was not."""
    raws: tuple[Sha256, ...] = ()
    """Downloads and uploads of its sources."""
    spec: SessionSpec | None = None
    """What the session was asked for. With `shared` and `sources`: what another installation goes on from."""
    shared: Shared | None = None
    """What its log says of its results: what each was made from, and when; its plan; its parameters."""
    sources: tuple[Source, ...] = ()
    """Its sources as it knows them."""


@dataclass
class Bundle:
    """The files of a session by name. `damaged` names those whose bytes are not what the manifest says."""

    manifest: Manifest
    files: dict[str, bytes]
    damaged: list[str] = field(default_factory=list)

    def packed(self) -> bytes:
        """One zip file; equal bundles have equal bytes."""
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in [(MANIFEST, self.manifest.encode()), *sorted(self.files.items())]:
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
        return held.getvalue()

    @classmethod
    def unpacked(cls, data: bytes) -> "Bundle":
        """Read what `packed` wrote. Raises `Malformed` for what is no bundle, or whose manifest cannot be
        read."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                manifest = _manifest(archive)
                files, damaged = _read(archive, _expected(manifest))
        except Malformed:
            raise
        except (
            zipfile.BadZipFile,
            KeyError,
            OSError,
            EOFError,
            ValueError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise Malformed(f"this is no bundle of a session: {error}") from error
        return cls(manifest, files, damaged)


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
        raise Malformed("the bundle is too large")
    manifest = Manifest.decode(archive.read(MANIFEST))
    if manifest.format > FORMAT:
        raise Malformed(
            f"it has format {manifest.format}, and this version reads up to {FORMAT}: a newer one wrote it"
        )
    return manifest


def text_name(sha256: str) -> str:
    """Where a text is in a bundle."""
    return f"texts/{sha256}.txt"


def raw_name(sha256: str) -> str:
    """Where a download or an upload is in a bundle."""
    return f"raw/{sha256}"


def file_of(name: str, data: bytes) -> BundledFile:
    """A file with its hash."""
    return BundledFile(name=name, sha256=hashlib.sha256(data).hexdigest())


def _expected(manifest: Manifest) -> dict[str, str]:
    own: Iterable[BundledFile] = (
        file for node in manifest.nodes.values() for file in (node.artifact, node.record) if file is not None
    )
    by_hash = {text_name(sha256): sha256 for sha256 in manifest.texts}
    by_hash |= {raw_name(sha256): sha256 for sha256 in manifest.raws}
    return {file.name: file.sha256 for file in own} | by_hash


def _read(archive: zipfile.ZipFile, expected: Mapping[str, str]) -> tuple[dict[str, bytes], list[str]]:
    files: dict[str, bytes] = {}
    damaged: list[str] = []
    for name, sha256 in expected.items():
        try:
            data = archive.read(name)
        except (
            KeyError,
            zipfile.BadZipFile,
            zipfile.error,
            EOFError,
            ValueError,
            NotImplementedError,
            RuntimeError,
            OSError,
        ):
            damaged.append(name)
            continue
        files[name] = data
        if hashlib.sha256(data).hexdigest() != sha256:
            damaged.append(name)
    unknown = set(archive.namelist()) - set(expected) - {MANIFEST}
    return files, [*damaged, *sorted(unknown)]
