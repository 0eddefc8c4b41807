"""What `reprise research` takes: URLs as they are, files and folders as uploads."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from reprise_cli.errors import UsageError
from reprise_contracts.sources import Search

_KINDS = (
    ".html .htm .xhtml .pdf .docx .pptx .xlsx .md .markdown .txt .text .srt .vtt .json3 .ipynb .rst .tex "
    ".org .adoc .asciidoc .rtf .csv "
    ".tsv .json .jsonl .ndjson .rss .atom .xml .epub .odt .ods .odp .eml .mbox .mhtml .mht .zip .tar .tgz .gz"
)
SUFFIXES = frozenset(_KINDS.split())
"""What a folder is searched for. A file that is named by itself is sent whatever it is called."""


class Sources(NamedTuple):
    """What was named, told apart."""

    urls: tuple[str, ...]
    files: tuple[Path, ...]
    left_out: tuple[Path, ...] = ()
    """Files of a folder that are of no kind that can be read."""
    searches: tuple[Search, ...] = ()

    @property
    def named(self) -> tuple[str | Search, ...]:
        """The sources that are no files."""
        return (*self.urls, *self.searches)


def read_sources(named: Iterable[str]) -> Sources:
    """Tell URLs, files and folders apart; each once, in the order given. Raises `UsageError` for what is
    none, or may not be read."""
    try:
        found = _told_apart(named)
    except PermissionError as error:
        raise _forbidden(Path(error.filename)) from error
    for path in found.files:
        if not os.access(path, os.R_OK):
            raise _forbidden(path)
    return found


def _forbidden(path: Path) -> UsageError:
    return UsageError(
        f"{path} may not be read by user {os.getuid()}.", "Let it be read, or run the command as its owner."
    )


def _told_apart(named: Iterable[str]) -> Sources:
    urls: dict[str, None] = {}
    files: dict[Path, None] = {}
    left_out: list[Path] = []
    for text in named:
        if text.startswith(("http://", "https://")):
            urls[text] = None
            continue
        if not text.strip():
            raise UsageError("An empty name is no source.", "Is a variable in the command line not set?")
        path = Path(text)
        if path.is_dir():
            found = in_folder(path)
            if not found:
                raise UsageError(
                    f"{text} holds no file that can be read.", f"Supported: {' '.join(sorted(SUFFIXES))}"
                )
            files.update(dict.fromkeys(found))
            left_out += sorted(set(visible(path)) - set(found))
        elif path.is_file():
            files[path] = None
        else:
            raise UsageError(
                f"{text} is no URL, and no file or folder has that name.",
                "A URL begins with http:// or https://.",
            )
    return Sources(tuple(urls), tuple(files), tuple(left_out))


def in_folder(folder: Path) -> list[Path]:
    """The files of a folder and the folders below it that are of a kind that can be read, by name. An empty
    one fails by its name, like any other that says nothing."""
    return [path for path in visible(folder) if path.suffix.lower() in SUFFIXES]


def visible(folder: Path) -> list[Path]:
    """Every file of a folder and the folders below it, by name, but for hidden ones and links that lead out
    of it."""
    root = folder.resolve()
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.resolve().is_relative_to(root)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
