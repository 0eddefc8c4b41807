"""The report's section on the sources that it does without: those that could not be read, why and what to do, and copies of others.

Every engine's report has it, for no engine is given those sources.
"""

from dataclasses import dataclass, replace

from reprise_contracts.artifacts import PreparedSource
from reprise_contracts.sources import FailureReason
from reprise_research.engines.drafts import Block, Bullets, Paragraph, ReportDraft, SectionDraft, Span
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


_ENGLISH = _Phrases(
    title="Sources not used",
    note=" {failed} of {total} sources could not be read; the last section names them.",
    opening="These sources could not be read, and nothing of them is in this report:",
    failed="{why} {action}",
    copies="These repeat another source, and were not counted as a second voice:",
    copy="{share} percent the same as “{original}”.",
)
_CHINESE = _Phrases(
    title="未采用的来源",
    note="{total}份来源中有{failed}份无法读取，见最后一节。",
    opening="以下来源无法读取，本报告未采用其任何内容：",
    failed="{why}{action}",
    copies="以下来源与另一来源重复，未另作计算：",
    copy="与“{original}”有{share}%相同。",
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


def with_unread(draft: ReportDraft, sources: tuple[PreparedSource, ...], *, chinese: bool) -> ReportDraft:
    """The draft with a note and a last section on `sources` that were not read; as it is if there are none."""
    failed = [source for source in sources if source.status == "failed"]
    copies = [source for source in sources if source.status == "duplicate"]
    if not failed and not copies:
        return draft
    phrases = _CHINESE if chinese else _ENGLISH
    blocks: list[Block] = []
    if failed:
        blocks.append(Paragraph((Span(phrases.opening),)))
        blocks.append(Bullets(tuple((_name(s), Span(_why(s, phrases, chinese=chinese))) for s in failed)))
    if copies:
        titles = {source.source_id: _title(source) for source in sources}
        blocks.append(Paragraph((Span(phrases.copies),)))
        blocks.append(Bullets(tuple((_name(s), Span(_same(s, titles, phrases))) for s in copies)))
    note = draft.note + phrases.note.format(failed=len(failed), total=len(sources)) if failed else draft.note
    return replace(draft, note=note.strip(), sections=(*draft.sections, SectionDraft("unread", phrases.title, tuple(blocks))))


def _title(source: PreparedSource) -> str:
    return shorten(source.title or source.url or source.source_id, 120)


def _name(source: PreparedSource) -> Span:
    title = _title(source)
    address = f" ({source.url})" if source.url and source.url not in title else ""
    return Span(f"{title}{address}:", strong=True)


def _why(source: PreparedSource, phrases: _Phrases, *, chinese: bool) -> str:
    reason = source.reason or "malformed"
    why, action = _IN_CHINESE[reason] if chinese else (source.detail or reason, ACTIONS[reason])
    return phrases.failed.format(why=why, action=action)


def _same(source: PreparedSource, titles: dict[str, str], phrases: _Phrases) -> str:
    return phrases.copy.format(share=round(100 * (source.similarity or 1.0)), original=titles.get(source.duplicate_of or "", ""))
