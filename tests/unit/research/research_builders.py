"""Builders for the tests of the research library: small sources, a world to keep them in, passages, the
demo's samples."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reprise_contracts.frames import Live
from reprise_contracts.sources import Source, Upload
from reprise_research.context import Context
from reprise_research.engines.extractive import Extractive
from reprise_research.sources.kinds import SUFFIXES
from reprise_research.stores import MemoryStore, sha256_of
from reprise_research.text.passages import Passage

SAMPLES = Path(__file__).parents[3] / "samples"

LAKE = {
    "authority": "The level of the lake fell by 40 centimetres last summer. Fishing fell by 12 percent "
    "last season. "
    "The authority blames the dry spring for the low level. Water for farms was cut by 15 percent in August.",
    "fishers": "Fishing fell by 30 percent last season, according to the landings of 80 boats. "
    "We believe that farms take too much water. The level of the lake fell every summer since 2019.",
    "farmers": "Farms use less water than ten years ago. The level of the lake fell because the spring was "
    "dry. "
    "Water for farms was cut by 15 percent in August. Nobody has measured how much water the town itself "
    "uses.",
}
LAKE_TOPIC = "Why is the lake so low, and what does it mean for fishing?"


def passage(text: str, source_id: str, site: str = "") -> Passage:
    """A passage that is the whole of its source's text."""
    return Passage(
        source_id=source_id,
        site=site or f"{source_id}.example",
        text=text,
        start=0,
        end=len(text),
        position=0,
    )


def sample_files() -> list[Path]:
    """Every document of the demo that has text, web pages included."""
    return sorted(
        p
        for p in SAMPLES.rglob("*")
        if p.suffix in SUFFIXES and p.parent != SAMPLES and p.name != "police-data.pdf"
    )


def sample_topic() -> str:
    """The demo's topic."""
    return (SAMPLES / "topic.txt").read_text("utf-8").strip()


@dataclass
class World:
    """A store, the frames that were shown, and ways to fill the one and to look at the other."""

    store: MemoryStore
    frames: list[Live]

    async def upload(
        self, source_id: str, data: bytes, content_type: str = "text/plain", filename: str | None = None
    ) -> Source:
        """A source whose bytes are in the store."""
        await self.store.put_raw(data)
        upload = Upload(sha256=sha256_of(data), bytes=len(data), content_type=content_type, filename=filename)
        return Source(source_id=source_id, upload=upload, title=None if filename else source_id)

    async def texts(self, texts: Mapping[str, str]) -> tuple[Source, ...]:
        """A source for each text."""
        return tuple([await self.upload(name, text.encode()) for name, text in texts.items()])

    async def files(self, paths: Iterable[Path]) -> tuple[Source, ...]:
        """A source for each file."""
        return tuple(
            [
                await self.upload(path.stem, path.read_bytes(), SUFFIXES[path.suffix][1], path.name)
                for path in paths
            ]
        )

    def context(self, topic: str = LAKE_TOPIC, guidance: str = "", **more: object) -> Context:
        """A context on the extractive engine."""
        given: dict[str, object] = {"engine": Extractive(), "progress": self.frames.append} | more
        return Context(topic=topic, guidance=guidance, store=self.store, **given)  # type: ignore[arg-type]  # a test names real fields
