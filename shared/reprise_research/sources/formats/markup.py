"""Documents in markup: reStructuredText, TeX, Org, AsciiDoc, notebooks, RTF."""

import json
import re
from typing import Any

from reprise_research.sources.charset import decoded
from reprise_research.sources.formats.document import Document, sections
from reprise_research.sources.names import author_of
from reprise_research.sources.page.document import every_word
from reprise_research.sources.plain import from_markdown
from reprise_research.sources.unreadable import Unreadable


def read_rst(body: bytes, name: str, charset: str | None) -> Document:
    """reStructuredText; nothing that it includes is read."""
    from docutils.core import publish_parts  # noqa: PLC0415

    settings = {
        "file_insertion_enabled": False,
        "raw_enabled": False,
        "report_level": 5,
        "halt_level": 5,
        "warning_stream": False,
        "syntax_highlight": "none",
        "_disable_config": True,
        "doctitle_xform": False,
        "math_output": "LaTeX",
        "embed_stylesheet": False,
        "stylesheet_path": "",
        "input_encoding": "unicode",
    }
    made = publish_parts(decoded(body, charset), writer="html5", settings_overrides=settings)
    text = every_word(f"<html><body>{made['body']}</body></html>")
    return Document(text, "docutils", title=_first_line(text))


def read_tex(body: bytes, name: str, charset: str | None) -> Document:
    """TeX: its text without commands, formulae as they were typed."""
    from pylatexenc.latex2text import LatexNodes2Text  # noqa: PLC0415

    source = decoded(body, charset)
    _, begins, rest = source.partition("\\begin{document}")
    told = (rest.partition("\\end{document}")[0] if begins else source)[:2_000_000]
    told = re.sub(r"(?<!\\)%.*", "", told)
    told = re.sub(
        r"\\(?:label|index|bibliographystyle|bibliography|usepackage|includegraphics|input|include)(?:\[[^\]]*\])?\{[^}]*\}",
        "",
        told,
    )
    told = re.sub(r"~?\\(?:cite[pt]?|footnotemark)\*?(?:\[[^\]]*\])*\{[^}]*\}", "", told)
    told = re.sub(
        r"\\(?:part|chapter|(?:sub)*section|paragraph)\*?\s*(?:\[[^\]]*\])?\{([^{}]*)\}", r"\n\n\1\n\n", told
    )
    told = re.sub(
        r"\\begin\{(?:figure|table|tabular|lstlisting|verbatim|thebibliography)\*?\}.*?\\end\{(?:figure|table|tabular|lstlisting|verbatim|thebibliography)\*?\}",
        "\n\n",
        told,
        flags=re.DOTALL,
    )
    told = re.sub(r"\\item(?:\[[^\]]*\])?\s*", "\n\n", told)
    reader = LatexNodes2Text(math_mode="verbatim", strict_latex_spaces=True, keep_comments=False)
    named = {
        key: re.search(rf"\\{key}(?:\[[^\]]*\])?\{{((?:[^{{}}]|\{{[^{{}}]*\}})*)\}}", source)
        for key in ("title", "author")
    }
    found = {
        key: " ".join(reader.latex_to_text(match[1]).split()) if match else None
        for key, match in named.items()
    }
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", re.sub(r"[ \t]*\n[ \t]*", "\n", reader.latex_to_text(told)))
    text = "\n\n".join(" ".join(block.split()) for block in text.split("\n\n") if block.strip())
    return Document(
        text, "pylatexenc", title=found["title"] or _first_line(text), author=author_of(found["author"], text)
    )


_ORG = (
    (re.compile(r"^#\+(?:title|author|date|options|startup)\b.*$", re.IGNORECASE | re.MULTILINE), ""),
    (
        re.compile(
            r"^#\+begin_(?:src|example)\b.*?^#\+end_(?:src|example)\b.*?$",
            re.IGNORECASE | re.MULTILINE | re.DOTALL,
        ),
        "",
    ),
    (re.compile(r"^#\+\w+.*$|^# .*$", re.MULTILINE), ""),
    (re.compile(r"^:(?:PROPERTIES|LOGBOOK):\n.*?^:END:$", re.MULTILINE | re.DOTALL), ""),
    (re.compile(r"^\*+ (?:TODO |DONE )?(.*?)(?:\s+:[\w:]+:)?$", re.MULTILINE), r"\n# \1\n"),
    (re.compile(r"\[\[[^\]]*\]\[([^\]]*)\]\]"), r"\1"),
    (re.compile(r"\[fn:[^\]]*\]"), ""),
    (re.compile(r"(?<![\w/*=~+_])([*/=~])(\S(?:[^\n]*?\S)?)\1(?!\w)"), r"\2"),
)
_ADOC = (
    (re.compile(r"^(?:----|\.\.\.\.|////)\n.*?^(?:----|\.\.\.\.|////)$", re.MULTILINE | re.DOTALL), ""),
    (
        re.compile(r"^//.*$|^:[\w!-]+:.*$|^\[[^\]\n]*\]$|^(?:====|\*\*\*\*|____|--|\+)$|^<<<$", re.MULTILINE),
        "",
    ),
    (re.compile(r"^={1,6} (.*)$", re.MULTILINE), r"\n# \1\n"),
    (re.compile(r"^\.(\w.*)$", re.MULTILINE), r"\n# \1\n"),
    (re.compile(r"^(?:NOTE|TIP|WARNING|IMPORTANT|CAUTION): ", re.MULTILINE), ""),
    (re.compile(r"(?:link:|https?://)\S*?\[([^\]]+)\]"), r"\1"),
    (re.compile(r"<<[^,>]*,\s*([^>]*)>>"), r"\1"),
    (re.compile(r"footnote:\w*\[[^\]]*\]|image::?\S*\[[^\]]*\]|(?:include|toc)::\S*"), ""),
    (re.compile(r"^\*+ ", re.MULTILINE), "- "),
)


def read_org(body: bytes, name: str, charset: str | None) -> Document:
    """An Org file."""
    source = decoded(body, charset)
    return _lightly(
        source,
        _ORG,
        "org",
        re.search(r"^#\+title:\s*(.+)$", source, re.IGNORECASE | re.MULTILINE),
        re.search(r"^#\+author:\s*(.+)$", source, re.IGNORECASE | re.MULTILINE),
    )


def read_adoc(body: bytes, name: str, charset: str | None) -> Document:
    """An AsciiDoc file."""
    source = decoded(body, charset)
    return _lightly(
        source,
        _ADOC,
        "asciidoc",
        re.search(r"^= (.+)$", source, re.MULTILINE),
        re.search(r"^:author:\s*(.+)$", source, re.MULTILINE),
    )


def _lightly(
    source: str,
    rules: tuple[tuple[re.Pattern[str], str], ...],
    method: str,
    title: re.Match[str] | None,
    author: re.Match[str] | None,
) -> Document:
    for pattern, replacement in rules:
        source = pattern.sub(replacement, source)
    text, heading = from_markdown(source)
    return Document(
        text,
        method,
        title=title[1].strip() if title else heading,
        author=author_of(author[1], text) if author else None,
    )


def read_notebook(body: bytes, name: str, charset: str | None) -> Document:
    """The written cells of a notebook; its code and what that printed are left out."""
    try:
        made: Any = json.loads(decoded(body, charset))
        cells = made["cells"]
    except (ValueError, KeyError, TypeError):
        raise Unreadable("malformed", "It is called a notebook, but has no cells.") from None
    parts, title = [], None
    for cell in cells if isinstance(cells, list) else []:
        if isinstance(cell, dict) and cell.get("cell_type") in {"markdown", "raw"}:
            source = cell.get("source", "")
            text, heading = from_markdown(
                "".join(map(str, source)) if isinstance(source, list) else str(source)
            )
            parts.append(text)
            title = title or heading
    return Document(sections(parts), "notebook", title=title)


def read_rtf(body: bytes, name: str, charset: str | None) -> Document:
    """A document in Rich Text Format."""
    from striprtf.striprtf import rtf_to_text  # noqa: PLC0415

    source = body.decode("latin-1")
    told_text = str(rtf_to_text(source, errors="replace"))  # type: ignore[no-untyped-call]
    text = "\n\n".join(line.strip() for line in told_text.split("\n") if line.strip())
    found = {key: re.search(rf"\{{\\{key} ([^{{}}]*)\}}", source) for key in ("title", "author")}
    told = {key: _unescaped(match[1]) if match else None for key, match in found.items()}
    return Document(text, "striprtf", title=told["title"] or None, author=author_of(told["author"], text))


def _unescaped(value: str) -> str:
    """A property of an RTF file as text."""
    return re.sub(
        r"\\'([0-9a-fA-F]{2})", lambda found: bytes.fromhex(found[1]).decode("cp1252", "replace"), value
    ).strip()


def _first_line(text: str) -> str | None:
    line = text.strip().split("\n", 1)[0]
    return line if 3 <= len(line) <= 120 and not line.endswith((".", ",", ";", ":")) else None
