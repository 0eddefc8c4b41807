"""Charts as SVG: bars that compare what the sources say, drawn without a library."""

from html import escape

from reprise_contracts.artifacts import Bar, BarGroup, Chart

_WIDTH = 680
_LABEL = 190
_ROW = 26
_GAP = 34
_FULL = 330
"""Pixels of the longest bar."""


def lengths(comparison: BarGroup) -> tuple[float, ...]:
    """The length of each bar, 0 to 1, the longest figure of the comparison being 1."""
    longest = max((abs(bar.value) for bar in comparison.bars), default=0.0)
    return tuple(round(abs(bar.value) / longest, 4) if longest else 0.0 for bar in comparison.bars)


def svg(chart: Chart) -> str:
    """The chart as an SVG element. Everything that it says is text, so it can be read aloud, searched and
    copied."""
    parts: list[str] = []
    top = 4
    for comparison in chart.comparisons:
        parts.append(f'<text x="0" y="{top + 16}" font-weight="600">{escape(comparison.subject)}</text>')
        for bar, length in zip(comparison.bars, lengths(comparison), strict=True):
            parts.append(_bar(bar, length, top))
            top += _ROW
        top += _GAP - _ROW + 12
    height = max(top - 6, 20)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="100%" role="img" '
        f'aria-label="{escape(chart.title)}" font-family="inherit" font-size="14" '
        f'fill="currentColor">{"".join(parts)}</svg>'
    )


def _bar(bar: Bar, length: float, top: int) -> str:
    width = max(round(_FULL * length), 2)
    cited = "".join(f'<a href="#ref-{n}"><tspan fill="#0b6e75">[{n}]</tspan></a>' for n in bar.references)
    return (
        f'<rect x="{_LABEL}" y="{top + 3}" width="{width}" height="{_ROW - 8}" rx="2" fill="#3b8d94"/>'
        f'<text x="{_LABEL + width + 8}" y="{top + 17}">{escape(bar.text)} {cited}</text>'
    )
