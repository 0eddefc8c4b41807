"""Files and folders on this machine, as what is uploaded: a name, the bytes, a content type."""

import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reprise_research.sources.kinds import SUFFIXES


@dataclass(frozen=True)
class LocalFile:
    """A file to upload. `filename` tells files of one folder apart, so it holds the way from that folder."""

    filename: str
    data: bytes
    content_type: str


def read_local(path: Path, *, largest: int = 20_000_000) -> Iterator[LocalFile]:
    """A file as it is; of a folder every supported file in it and below, by name, without hidden ones and
    links that lead out.

    Raises FileNotFoundError, and ValueError for a file of more than `largest` bytes or a folder without
    supported files."""
    if path.is_dir():
        found = 0
        for file in _walk(path):
            found += 1
            yield _read(file, file.relative_to(path).as_posix(), largest)
        if not found:
            raise ValueError(
                f"{path} holds no file that can be read; supported: {' '.join(sorted(SUFFIXES))}"
            )
    elif path.exists():
        yield _read(path, path.name, largest)
    else:
        raise FileNotFoundError(path)


def _walk(folder: Path) -> list[Path]:
    root = folder.resolve()
    return sorted(
        (
            file
            for file in folder.rglob("*")
            if file.suffix.lower() in SUFFIXES
            and not any(part.startswith(".") for part in file.relative_to(folder).parts)
            and file.is_file()
            and file.resolve().is_relative_to(root)
        ),
        key=lambda file: file.relative_to(folder).as_posix(),
    )


def _read(file: Path, name: str, largest: int) -> LocalFile:
    size = file.stat().st_size
    if size > largest:
        raise ValueError(f"{file} has {size / 1e6:.0f} MB; at most {largest / 1e6:g} MB are read")
    known = SUFFIXES.get(file.suffix.lower())
    content_type = known[1] if known else mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return LocalFile(name, file.read_bytes(), content_type)
