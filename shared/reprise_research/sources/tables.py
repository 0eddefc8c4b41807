"""Tables into sentences: each row with its headings, so that it can be read, found and quoted by itself."""

import re

_CELL = re.compile(r"(?<!\\)\|")
_LONGEST_HEAD = 40
_FEWEST_ROWS = 2
_PAIR = 2
_ANY_NAME = frozenset({"item", "items", "name", "what", "subject", "measure", "indicator", "figure", "key figure", "项目", "指标", "名称"})
_ANY_VALUE = frozenset({"value", "amount", "figure", "number", "result", "数值", "数据", "数量"})
"""Headings that say nothing about what stands below them."""


def without_tables(text: str) -> str:
    """The text with every table of `| a | b |` lines written as `Head: a; Head: b.`, a line for each row, and one of names and values as
    `a: b.`

    A table without headings, or whose cells are paragraphs, becomes a line for each cell; its caption is a line before it."""
    lines: list[str] = []
    table: list[list[str]] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("|") and line.count("|") > 1:
            table.append([cell.strip() for cell in _CELL.split(line.strip().strip("|"))])
            continue
        if table:
            lines += _rows(table)
            table = []
        lines.append(line)
    return "\n".join(lines[:-1])


def _rows(table: list[list[str]]) -> list[str]:
    while table and not any(table[0]):  # a heading that a converter left empty
        del table[0]
    if not table:
        return []
    caption = []
    if len(table) > _FEWEST_ROWS and len(table[0]) > 1 and table[0][0] and not any(table[0][1:]):
        caption = table.pop(0)[:1]  # told as a first row of one cell
    return caption + _told_rows(table)


def _told_rows(table: list[list[str]]) -> list[str]:
    head, *body = table
    usual = len(head) > 1 and len(body) >= _FEWEST_ROWS and all(0 < len(cell) <= _LONGEST_HEAD for cell in head)
    if not usual or any(len(row) != len(head) for row in body):
        return [cell for row in table for cell in row if cell]
    if len(head) == _PAIR and head[0].rstrip(" :").lower() in _ANY_NAME:
        unit = "" if head[1].rstrip(" :").lower() in _ANY_VALUE else f"{head[1].rstrip(' :')} "
        return [f"{row[0].rstrip(' :')}: {unit}{row[1].rstrip('. ;')}." for row in body if all(row)]
    return [f"{'; '.join(_told(name, cell) for name, cell in zip(head, row, strict=True) if cell)}." for row in body if any(row)]


def _told(name: str, cell: str) -> str:
    return f"{name.rstrip(' :')}: {cell.rstrip('. ;')}"
