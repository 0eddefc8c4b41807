"""The report's section on the sources that it does without: those that could not be read, why and what to do, copies of others, and
those that were read and are cited nowhere. Every engine's report has it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reprise_contracts.artifacts import Citation, PreparedSource, StepFindings
from reprise_contracts.sources import FailureReason
from reprise_research.drafts import Block, Bullets, Paragraph, ReportDraft, SectionDraft, Span
from reprise_research.sources.failures import ACTIONS
from reprise_research.text.words import shorten


@dataclass(frozen=True)
class _Phrases:
    title: str
    note: str
    opening: str
    failed: str
    copies: str
    copy: str
    uncited: str
    told_by_others: str
    beside: str
    separator: str


_ENGLISH = _Phrases(
    title="Sources not used",
    note=" {failed} of {total} sources could not be read; the last section names them.",
    opening="These sources could not be read, and nothing of them is in this report:",
    failed="{why} {action}",
    copies="These repeat another source, and were not counted as a second voice:",
    copy="{share} percent the same as “{original}”.",
    uncited="These were read, and nothing above cites them:",
    told_by_others="What there is on the questions is told from other sources, or was left out for space.",
    beside="No statement was among those that come closest to the questions.",
    separator=", ",
)
_CHINESE = _Phrases(
    title="未采用的来源",
    note="{total}份来源中有{failed}份无法读取，见最后一节。",
    opening="以下来源无法读取，本报告未采用其任何内容：",
    failed="{why}{action}",
    copies="以下来源与另一来源重复，未另作计算：",
    copy="与“{original}”有{share}%相同。",
    uncited="以下来源已经阅读，但上文没有引用：",
    told_by_others="对这些问题的说法已由其他来源说出，或因篇幅略去。",
    beside="没有陈述属于最接近问题的。",
    separator="、",
)
_GIVE_TEXT = "请自行打开网页，提供其文字或保存的文件。"
_IN_CHINESE: dict[FailureReason, tuple[str, str]] = {
    "blocked_address": ("地址不在公共互联网上，或无效。", "请提供公共网址，或上传文件。"),
    "not_found": ("网页不存在。", "请检查网址，网页可能已经移动。"),
    "forbidden": ("网站不提供此页。", _GIVE_TEXT),
    "challenge": ("网站要求先由真人用浏览器访问。", _GIVE_TEXT),
    "paywall": ("仅供订阅者阅读。", _GIVE_TEXT),
    "robots": ("网站要求程序不读取此页。", "如获许可，请自行阅读并提供其文字。"),
    "timeout": ("未能及时收到完整的回答。", "请稍后重新获取，或上传文件。"),
    "unreachable": ("无法连接该网站。", "请检查网址，稍后重新获取。"),
    "too_large": ("内容过大。", "请把重要的部分另存为文件上传。"),
    "too_many_redirects": ("网址不断跳转。", "请用浏览器打开，提供最终网址。"),
    "unsupported": ("不支持这种文件。", "请提供HTML、PDF、办公文档、Markdown或纯文本。"),
    "not_text": ("其中没有文字。", "如为扫描件，请先作文字识别。"),
    "empty": ("没有内容。", "请检查网页不用脚本时是否显示文字；否则请提供其文字。"),
    "malformed": ("文件似已损坏。", "请重新打开并保存，或提供其文字。"),
    "server_error": ("网站自身出现问题。", "请稍后重新获取。"),
    "resources": ("处理该文件需要的内存过多。", "请提供其文字。"),
}


def with_unread(
    draft: ReportDraft, sources: tuple[PreparedSource, ...], findings: Mapping[int, StepFindings], *, chinese: bool
) -> ReportDraft:
    """The draft with a last section on those of `sources` that it does not cite, and a note if some could not be read; as it is if
    there are none."""
    failed = [source for source in sources if source.status == "failed"]
    copies = [source for source in sources if source.status == "duplicate"]
    cited = {citation.source_id for citation in _cited(draft)}
    uncited = [source for source in sources if source.status == "ready" and source.source_id not in cited]
    if not failed and not copies and not uncited:
        return draft
    phrases = _CHINESE if chinese else _ENGLISH
    blocks: list[Block] = []
    if failed:
        blocks.append(Paragraph((Span(phrases.opening),)))
        blocks.append(_grouped(((s, _why(s, phrases, chinese=chinese)) for s in failed), phrases))
    if copies:
        titles = {source.source_id: _title(source) for source in sources}
        blocks.append(Paragraph((Span(phrases.copies),)))
        blocks.append(_grouped(((s, _same(s, titles, phrases)) for s in copies), phrases))
    if uncited:
        blocks.append(Paragraph((Span(phrases.uncited),)))
        found = {citation.source_id for one in findings.values() for f in one.findings for citation in f.citations}
        blocks.append(_grouped(((s, phrases.told_by_others if s.source_id in found else phrases.beside) for s in uncited), phrases))
    note = draft.note + phrases.note.format(failed=len(failed), total=len(sources)) if failed else draft.note
    return replace(draft, note=note.strip(), sections=(*draft.sections, SectionDraft("unread", phrases.title, tuple(blocks))))


def _cited(draft: ReportDraft) -> Iterator[Citation]:
    """Everything that the draft cites."""
    for section in draft.sections:
        for block in section.blocks:
            rows = (block.spans,) if isinstance(block, Paragraph) else block.items if isinstance(block, Bullets) else sum(block.rows, ())
            for row in rows:
                for span in row:
                    yield from span.citations


def _grouped(told: Iterable[tuple[PreparedSource, str]], phrases: _Phrases) -> Bullets:
    """A line for each reason, with every source that it is true of."""
    groups: dict[str, list[PreparedSource]] = {}
    for source, why in told:
        groups.setdefault(why, []).append(source)
    lines = []
    for why, sources in groups.items():
        names = [_name(source, phrases.separator.strip() if n < len(sources) else ":") for n, source in enumerate(sources, start=1)]
        lines.append((*names, Span(why)))
    return Bullets(tuple(lines))


def _title(source: PreparedSource) -> str:
    return shorten(source.title or source.url or source.source_id, 120)


def _name(source: PreparedSource, mark: str) -> Span:
    """A source's title, which leads to its address if it has one, and the mark behind it."""
    return Span(_title(source) + mark, strong=True, url=source.url or "")


def _why(source: PreparedSource, phrases: _Phrases, *, chinese: bool) -> str:
    reason = source.reason or "malformed"
    why, action = _IN_CHINESE[reason] if chinese else (source.detail or reason, ACTIONS[reason])
    return phrases.failed.format(why=why, action=action)


def _same(source: PreparedSource, titles: dict[str, str], phrases: _Phrases) -> str:
    return phrases.copy.format(share=round(100 * (source.similarity or 1.0)), original=titles.get(source.duplicate_of or "", ""))
