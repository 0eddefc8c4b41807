"""What a reader makes of a file."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Part:
    """A document that another one holds, as it would be by itself."""

    name: str
    """Where it lies within, or what it is called; a suffix says its kind where `content_type` does not."""
    data: bytes
    content_type: str = ""
    title: str | None = None


@dataclass(frozen=True)
class Document:
    """A text, a paragraph per line and a blank line between blocks, and what the file says of itself.

    Of a file that holds documents the text lists them, and each is a source of its own."""

    text: str
    method: str
    title: str | None = None
    author: str | None = None
    published: str | None = None
    note: str | None = None
    """What was not read, or what the text is, in a sentence."""
    url: str | None = None
    """Where it is from."""
    parts: tuple[Part, ...] = ()

    def under(self, heading: str) -> str:
        """The text below a heading, as a part of a larger one."""
        return f"{heading}\n\n{self.text}" if heading and not self.text.startswith(heading) else self.text

    def titled(self, title: str | None) -> "Document":
        """The document with a title where it has none."""
        return self if self.title or not title else replace(self, title=title)


def holding(parts: list[Part], method: str, note: str | None, title: str | None = None) -> Document:
    """A file that is read by what it holds."""
    return Document(
        "\n".join(part.title or part.name for part in parts), method, title, note=note, parts=tuple(parts)
    )


def sections(parts: list[str]) -> str:
    """Parts one below the other."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip())
