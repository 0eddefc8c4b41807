"""Markdown and plain text into the stored form: one paragraph per line, without markup.

Both are read in this process: the work is linear in their length and has nothing that could be made to hang.
"""

import re

_WIDTH = 120
"""Characters; text in longer lines was not wrapped by hand."""
_SHORT = 40
"""Characters of a line that may be a heading."""
_WORDS = 12
"""Words from which a long line is a paragraph, and no address or row."""
_FEW = 0.05
"""The share of such lines that a text wrapped by hand may have."""
_FITS = 0.85
"""The share of the longest line up to which another word would have fitted into a line."""
_ITEM = re.compile(r"\s*(?:[-*+•‣–]\s|\d{1,3}[.)]\s|\||#|>)")
_ENDS = re.compile(r"[.!?:;。！？：；][\"'”’»)\]」』）]*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_RULE = re.compile(r"^\s*(?:[-*_]\s*){3,}$|^\s*\|?[\s:|-]+\|[\s:|-]*$|^\s*=+\s*$")
_INLINE = (
    (re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)"), r""),
    (re.compile(r"\[(\[[^\[\]\n]*\])\]\([^()\n]*\)"), r"\1"),
    (re.compile(r"\[([^\]\n]+)\]\((?:[^()\n]|\([^()\n]*\))*\)"), r"\1"),
    (re.compile(r"\[([^\]\n]+)\]\[[^\]\n]*\]"), r"\1"),
    (re.compile(r"<(https?://[^>\s]+)>"), r"\1"),
    (re.compile(r"\[\^[^\]\n]+\]"), r""),
    (re.compile(r"(?<![\w*])\*\*\*?(\S(?:[^*\n]*\S)?)\*\*\*?(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<!\w)__?(\S(?:[^_\n]*\S)?)__?(?!\w)"), r"\1"),
    (re.compile(r"`+([^`\n]+)`+"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>\n]{0,200}>"), r""),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!|>~-])"), r"\1"),
)
_DEFINITION = re.compile(r"^\s*\[[^\]]+\]:\s+\S+.*$")


def from_text(text: str) -> str:
    """Plain text with paragraphs that were wrapped by hand put back into one line each."""
    wrapped = _is_wrapped(text)
    blocks = [block.split("\n") for block in re.split(r"\n\s*\n", text) if block.strip()]
    return "\n\n".join("\n".join(_unwrapped(lines) if wrapped else _stripped(lines)) for lines in blocks)


def from_markdown(text: str) -> tuple[str, str | None]:
    """The text of a Markdown document, and its title: the first heading. Code blocks and tables' rules are
    left out."""
    blocks: list[list[str]] = [[]]
    title, fenced = None, False
    for raw in _FRONT.sub("", text).split("\n"):
        if _FENCE.match(raw):
            fenced = not fenced
            continue
        line = raw.strip()
        if not fenced and _RULE.match(raw) and blocks[-1] and blocks[-1][-1].startswith("|"):
            continue  # the line below a table's headings parts nothing
        if fenced or _DEFINITION.match(raw) or (_RULE.match(raw) and line):
            if blocks[-1]:
                blocks.append([])
            continue
        heading = re.match(r"(#{1,6})\s+(.*?)\s*#*$", line)
        if heading:
            name = _inline(heading[2])
            title = title or name or None
            blocks += [[name], []]
        elif not line:
            blocks.append([])
        else:
            blocks[-1].append(_inline(re.sub(r"^(?:>\s?)+", "", line)))
    return "\n\n".join("\n".join(_joined(block)) for block in blocks if any(block)), title


def _inline(line: str) -> str:
    for pattern, replacement in _INLINE:
        line = pattern.sub(replacement, line)
    return line.strip()


def _is_wrapped(text: str) -> bool:
    """Whether a text may be wrapped by hand: hardly a line is a whole paragraph. In one with long lines a
    short line stands for itself: a heading, an address."""
    lines = [line for line in text.split("\n") if len(line) > _SHORT]
    long = [line for line in lines if len(line) > _WIDTH and len(line.split()) > _WORDS]
    return len(long) <= _FEW * len(lines)


def _stripped(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


def _unwrapped(lines: list[str]) -> list[str]:
    """Lines of one block, joined where a full line goes on in the next."""
    lines = _stripped(lines)
    longest = max((len(line) for line in lines), default=0)
    wrapped = (
        len(lines) > 1
        and longest <= _WIDTH
        and any(not _ENDS.search(line) and len(line) > 0.6 * longest for line in lines[:-1])
    )
    return _joined(lines, _FITS * longest) if wrapped and longest > _SHORT else lines


def _joined(lines: list[str], full: float = 0.0) -> list[str]:
    """Each list item, table row and paragraph as one line. A line ends where the next word would have made it
    longer than `full`; a shorter one ends a paragraph."""
    joined: list[str] = []
    before = 0
    for line in filter(None, lines):
        word = line if _is_wide(line[0]) else line.split(maxsplit=1)[0]
        if (
            joined
            and before + 1 + len(word) >= full
            and not _ITEM.match(line)
            and not joined[-1].startswith("|")
        ):
            joined[-1] = f"{joined[-1]} {line}" if not _is_wide(joined[-1][-1]) else joined[-1] + line
        else:
            joined.append(line)
        before = len(line)
    return joined


def _is_wide(character: str) -> bool:
    return ord(character) > 0x2E80
