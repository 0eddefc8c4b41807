"""A session whose history has reruns, cancels and kills makes every artifact again from its record (R32), and
a bundle that was tampered with is named."""

import asyncio
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace as changed
from hashlib import sha256
from pathlib import Path

import pytest

from model_server import ModelServer
from reprise_contracts.commands import Options, Target
from reprise_contracts.frames import Live
from reprise_contracts.subjects import record_key
from reprise_library import FolderJournal
from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.bundle import Bundle, BundledNode, Manifest, file_of, text_name
from reprise_research.engines import load_engine
from reprise_research.errors import ResearchError
from reprise_research.replay import replay
from reprise_research.stores import FolderStore
from unit.research.research_builders import LAKE, LAKE_TOPIC

SEEDS = 2
MANY = 500
TAMPERS = 200


def bundled(session: ResearchSession, texts: dict[str, str]) -> Bundle:
    """All that a session's journal holds of what is in place, as `reprise export` writes it."""
    files: dict[str, bytes] = {}
    nodes: dict[str, BundledNode] = {}
    for node, result in session.entries.items():
        made = session.state.node(node).materialization
        assert made is not None
        key = made.event.artifact.key
        artifact = file_of(f"{node}.json", session.journal.get(key))
        files[artifact.name] = session.journal.get(key)
        record = None
        if result.artifact.meta.record:
            record = file_of(f"{node}.calls.gz", session.journal.get(record_key(key)))
            files[record.name] = session.journal.get(record_key(key))
        nodes[node] = BundledNode(artifact=artifact, record=record)
    files |= {text_name(name): text.encode() for name, text in texts.items()}
    manifest = Manifest(
        session_id=session.state.session_id, topic=session.topic, nodes=nodes, texts=tuple(texts)
    )
    return Bundle(manifest, files)


class Far:
    """Says when a run has come so far, by the frames that it shows."""

    def __init__(self, frames: int) -> None:
        self.there, self._left = asyncio.Event(), frames

    def __call__(self, _frame: Live) -> None:
        self._left -= 1
        if self._left <= 0:
            self.there.set()


async def lived(seed: int, folder: Path, model: ModelServer) -> Bundle:
    """A session that is rerun, cancelled and killed as the seed says, brought up to date at the end."""
    chance, store = random.Random(seed), FolderStore(folder / "texts")
    engine = load_engine("openai", "scripted", {"base_url": model.url})
    session = ResearchSession(LAKE_TOPIC, journal=FolderJournal(folder / "journal"))
    async with DeepResearchAgent(session, store, engine=engine) as agent:
        for title, text in LAKE.items():
            await agent.add_text(text, title)
        await agent.run_research()
    for turn in range(3):
        # a kill: whoever comes after it knows what the journal holds, and nothing else
        session = ResearchSession.open(FolderJournal(folder / "journal"))
        far = Far(chance.choice([1, 5, 20, 10_000]))
        async with DeepResearchAgent(session, store, engine=engine, progress=far) as agent:
            steps = [step.step_id for step in session.phase2.steps]
            target = chance.choice([Target(phase="phase1"), Target(steps=(chance.choice(steps),))])
            options = Options(
                guidance=f"Turn {turn}" if chance.random() < 0.5 else None,
                ask_again=chance.choice([None, True, False]),
                force=chance.random() < 0.3,
            )
            run = asyncio.create_task(agent.rerun(target, options))
            there = asyncio.create_task(far.there.wait())
            await asyncio.wait({run, there}, return_when=asyncio.FIRST_COMPLETED)
            there.cancel()
            if not run.done() and chance.random() < 0.5:
                agent.cancel()
            elif not run.done() and chance.random() < 0.5:
                run.cancel()
            with suppress(ResearchError, asyncio.CancelledError):
                await run
    session = ResearchSession.open(FolderJournal(folder / "journal"))
    async with DeepResearchAgent(session, store, engine=engine) as agent:
        await agent.run_research()
    texts = {}
    for source in session.phase0.sources:
        if source.text_sha256:
            texts[source.text_sha256] = await store.get_text(source.text_sha256)
    return bundled(session, texts)


async def differing(bundle: Bundle) -> list[str]:
    return [
        f"{one.node}: {one.differs}" async for one in replay(Bundle.unpacked(bundle.packed())) if one.differs
    ]


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_r32_a_session_with_a_history_is_made_again_byte_for_byte(
    seed: int, tmp_path: Path, model: ModelServer
) -> None:
    """Reruns with guidance or none, answers asked anew or recorded, cancels and kills in between."""
    bundle = await lived(seed, tmp_path, model)
    assert any(held.record is not None for held in bundle.manifest.nodes.values())
    assert await differing(bundle) == []


@pytest.mark.long
async def test_r32_five_hundred_sessions_are_made_again(tmp_path: Path, model: ModelServer) -> None:
    for seed in range(SEEDS, MANY):
        bundle = await lived(seed, tmp_path / str(seed), model)
        assert await differing(bundle) == [], f"seed {seed}"


def flipped(bundle: Bundle, chance: random.Random) -> Bundle:
    """One bit of one file."""
    name = chance.choice(sorted(bundle.files))
    data = bytearray(bundle.files[name])
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return changed(bundle, files={**bundle.files, name: bytes(data)})


def shortened(bundle: Bundle, chance: random.Random) -> Bundle:
    name = chance.choice(sorted(bundle.files))
    data = bundle.files[name]
    return changed(bundle, files={**bundle.files, name: data[: chance.randrange(len(data))]})


def dropped(bundle: Bundle, chance: random.Random) -> Bundle:
    name = chance.choice(sorted(bundle.files))
    return changed(bundle, files={other: data for other, data in bundle.files.items() if other != name})


def added(bundle: Bundle, chance: random.Random) -> Bundle:
    return changed(bundle, files={**bundle.files, f"extra-{chance.randrange(9)}.txt": b"more"})


def reworded(bundle: Bundle, chance: random.Random) -> Bundle:
    """A word of an artifact, with the manifest set to go with it: only making it again shows that."""
    able = [
        node
        for node, held in sorted(bundle.manifest.nodes.items())
        if held.record is not None and b"level" in bundle.files[held.artifact.name]
    ]
    node = chance.choice(able)
    held = bundle.manifest.nodes[node]
    data = bundle.files[held.artifact.name].replace(b"level", b"depth")
    artifact = file_of(held.artifact.name, data)
    nodes = {**bundle.manifest.nodes, node: held.model_copy(update={"artifact": artifact})}
    manifest = bundle.manifest.model_copy(update={"nodes": nodes})
    return changed(bundle, manifest=manifest, files={**bundle.files, artifact.name: data})


def lied(bundle: Bundle, chance: random.Random) -> Bundle:
    """A source's text under the hash of another one."""
    old = chance.choice(bundle.manifest.texts)
    data = bundle.files[text_name(old)].replace(b"fell", b"rose") + b" "
    new = sha256(data).hexdigest()
    texts = tuple(new if one == old else one for one in bundle.manifest.texts)
    files = {name: held for name, held in bundle.files.items() if name != text_name(old)}
    manifest = bundle.manifest.model_copy(update={"texts": texts})
    return changed(bundle, manifest=manifest, files={**files, text_name(new): data})


TAMPERING: tuple[Callable[[Bundle, random.Random], Bundle], ...] = (
    flipped,
    shortened,
    dropped,
    added,
    reworded,
    lied,
)


async def named(bundle: Bundle, seeds: Iterable[int]) -> None:
    for seed in seeds:
        tamper = TAMPERING[seed % len(TAMPERING)]
        spoiled = tamper(bundle, random.Random(seed))
        assert spoiled.files != bundle.files
        assert await differing(spoiled), f"seed {seed}: {tamper.__name__}"


async def test_r32_a_tampered_bundle_is_named(tmp_path: Path, model: ModelServer) -> None:
    """Bits, lengths, files too few or too many, and words or texts changed with everything that is to vouch
    for them."""
    await named(await lived(0, tmp_path, model), range(2 * len(TAMPERING)))


@pytest.mark.long
async def test_r32_each_of_200_tampered_bundles_is_named(tmp_path: Path, model: ModelServer) -> None:
    """The same, with other seeds."""
    await named(await lived(1, tmp_path, model), range(TAMPERS))
