"""What a reader makes of a file."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Document:
    """A text, a paragraph per line and a blank line between blocks, and what the file says of itself."""

    text: str
    method: str
    title: str | None = None
    author: str | None = None
    published: str | None = None
    note: str | None = None
    """What was not read, or what the text is, in a sentence."""

    def under(self, heading: str) -> str:
        """The text below a heading, as a part of a larger one."""
        return f"{heading}\n\n{self.text}" if heading and not self.text.startswith(heading) else self.text

    def titled(self, title: str | None) -> "Document":
        """The document with a title where it has none."""
        return self if self.title or not title else replace(self, title=title)


def sections(parts: list[str]) -> str:
    """Parts one below the other."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip())
