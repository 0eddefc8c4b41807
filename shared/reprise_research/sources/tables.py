"""Tables into sentences: each row with its headings, so that it can be read, found and quoted by itself."""

import re

_CELL = re.compile(r"(?<!\\)\|")
_LONGEST_HEAD = 40
_FEWEST_ROWS = 2
_PAIR = 2
_ANY_NAME = frozenset(
    {
        "item",
        "items",
        "name",
        "what",
        "subject",
        "measure",
        "indicator",
        "figure",
        "key figure",
        "项目",
        "指标",
        "名称",
    }
)
_ANY_VALUE = frozenset({"value", "amount", "figure", "number", "result", "数值", "数据", "数量"})
"""Headings that say nothing about what stands below them."""


def without_tables(text: str) -> str:
    """The text with every table of `| a | b |` lines written as `Head: a; Head: b.`, a line for each row, and
    one of names and values as `a: b.`

    A table without headings, or whose cells are paragraphs, becomes a line for each cell; its caption is a
    line before it."""
    lines: list[str] = []
    table: list[list[str]] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("|") and line.count("|") > 1:
            table.append([cell.strip() for cell in _CELL.split(line.strip().strip("|"))])
            continue
        if table:
            lines += told_rows(table)
            table = []
        lines.append(line)
    return "\n".join(lines[:-1])


def told_rows(table: list[list[str]], heads: int = 0, *, fewest: int = _FEWEST_ROWS) -> list[str]:
    """The lines of a table. `heads` rows at its beginning hold headings; 0 where a table does not say which
    do. A table of fewer than `fewest` rows below its headings is told cell by cell."""
    while table and not any(table[0]):  # a heading that a converter left empty
        table, heads = table[1:], max(0, heads - 1)
    if not table:
        return []
    caption = []
    if (
        len(table) > _FEWEST_ROWS
        and len(table[0]) > 1
        and table[0][0]
        and not any(cell not in {"", table[0][0]} for cell in table[0][1:])
    ):
        caption, table, heads = table[0][:1], table[1:], max(0, heads - 1)  # told as a first row of one cell
    if heads > 1 and len({len(row) for row in table[:heads]}) == 1:
        table = [
            [" ".join(dict.fromkeys(filter(None, cells))) for cells in zip(*table[:heads], strict=True)],
            *table[heads:],
        ]
    return caption + _told_rows(table, fewest)


def _told_rows(table: list[list[str]], fewest: int) -> list[str]:
    head, *body = table
    named = all(0 < len(cell) <= _LONGEST_HEAD for cell in head[1:]) and len(head[0]) <= _LONGEST_HEAD
    if len(head) < _PAIR or len(body) < fewest or not named or any(len(row) != len(head) for row in body):
        return [cell for row in table for cell in _once(row)]
    if not head[0]:  # what stands at the left names each row
        return [
            f"{row[0].rstrip(' :')} – "
            f"{'; '.join(_told(name, cell) for name, cell in zip(head[1:], row[1:], strict=True) if cell)}."
            for row in body
            if any(row[1:])
        ]
    if len(head) == _PAIR and head[0].rstrip(" :").lower() in _ANY_NAME:
        unit = "" if head[1].rstrip(" :").lower() in _ANY_VALUE else f"{head[1].rstrip(' :')} "
        return [f"{row[0].rstrip(' :')}: {unit}{row[1].rstrip('. ;')}." for row in body if all(row)]
    return [
        f"{'; '.join(_told(name, cell) for name, cell in zip(head, row, strict=True) if cell)}."
        for row in body
        if any(row)
    ]


def _once(row: list[str]) -> list[str]:
    """The cells of a row, one that reaches over several columns once."""
    return [cell for number, cell in enumerate(row) if cell and (not number or row[number - 1] != cell)]


def _told(name: str, cell: str) -> str:
    return f"{name.rstrip(' :')}: {cell.rstrip('. ;')}"
