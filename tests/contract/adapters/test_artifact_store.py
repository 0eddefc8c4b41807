"""What every object store promises: in memory, on SeaweedFS and on MinIO's S3 front, with the lean PUT and
with the SDK alone."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest

from reprise_runtime.errors import ObjectCorrupt, ObjectMissing
from reprise_runtime.s3.artifact_store import ArtifactStore, S3Store
from reprise_runtime.s3.patient_store import PatientStore
from reprise_runtime.testing import MemoryStore

VARIANTS = ["memory", "memory-patient", "seaweed", "seaweed-sdk", "minio_gateway", "minio_gateway-sdk"]


@pytest.fixture(params=VARIANTS)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[ArtifactStore]:
    """An empty store."""
    server, _, way = request.param.partition("-")
    if server == "memory":
        yield PatientStore(MemoryStore()) if way else MemoryStore()
        return
    own = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]
    # A bucket of SeaweedFS is a collection with volumes of its own: one for all. MinIO's front keeps the
    # folders of deleted keys: one each.
    bucket = "adapters" if server == "seaweed" else f"adapters-{own}"
    settings = request.getfixturevalue(server).settings()
    real = S3Store(settings.model_copy(update={"bucket": bucket, "lean": way != "sdk"}))
    await real.ensure_bucket()
    await real.delete([key async for key, _ in real.list("")])
    yield real
    await real.close()


async def keys(store: ArtifactStore, prefix: str) -> list[tuple[str, int]]:
    return [entry async for entry in store.list(prefix)]


async def test_what_was_put_is_readable_at_once(store: ArtifactStore) -> None:
    """Bytes and type come back as they were."""
    data = bytes(range(256)) * 10
    await store.put("phase1/b/s/phase1/g1/e.json", data, "application/json")
    assert await store.get("phase1/b/s/phase1/g1/e.json") == data
    stat = await store.stat("phase1/b/s/phase1/g1/e.json")
    assert (stat.size, stat.content_type) == (len(data), "application/json")


@pytest.mark.parametrize("size", [0, 1, 4 << 20, (4 << 20) + 1])
async def test_any_size(store: ArtifactStore, size: int) -> None:
    """Nothing, one byte, the largest that goes the lean way and the smallest that does not."""
    data = hashlib.sha256(b"seed").digest() * (size // 32 + 1)
    await store.put("sources/b/raw/x", data[:size])
    assert await store.get("sources/b/raw/x") == data[:size]


async def test_a_second_put_takes_the_place_of_the_first(store: ArtifactStore) -> None:
    """One key, one object."""
    await store.put("k", b"old")
    await store.put("k", b"new one")
    assert await store.get("k") == b"new one"
    assert await keys(store, "") == [("k", 7)]


@pytest.mark.parametrize(
    "key", ["plain", "with space", "a+b&c=d", "ünï/čödé", "percent%20", "tilde~dot..x", "quo'te(1)*!"]
)
async def test_keys_are_taken_literally(store: ArtifactStore, key: str) -> None:
    """What stands in a key is signed, stored and listed as it is."""
    await store.put(f"odd/{key}", b"x")
    assert await store.get(f"odd/{key}") == b"x"
    assert await keys(store, "odd/") == [(f"odd/{key}", 1)]


async def test_what_is_not_there_is_missing(store: ArtifactStore) -> None:
    """Reading says so with a terminal error; asking says no."""
    with pytest.raises(ObjectMissing):
        await store.get("none")
    with pytest.raises(ObjectMissing):
        await store.stat("none")
    assert not await store.exists("none")
    await store.put("some", b"1")
    assert await store.exists("some")


async def test_a_pointer_is_checked_against_the_bytes(store: ArtifactStore) -> None:
    """`get_verified` gives the bytes that were named or none."""
    await store.put("k", b"content")
    assert await store.get_verified("k", hashlib.sha256(b"content").hexdigest()) == b"content"
    with pytest.raises(ObjectCorrupt):
        await store.get_verified("k", hashlib.sha256(b"other").hexdigest())


async def test_a_prefix_lists_its_own_in_order(store: ArtifactStore) -> None:
    """Keys under a prefix, at any depth, and their sizes; `used` adds them up."""
    for n, key in enumerate(["a/2", "a/1/x", "b/1", "ab"]):
        await store.put(key, b"x" * (n + 1))
    assert await keys(store, "a/") == [("a/1/x", 2), ("a/2", 1)]
    assert await keys(store, "none/") == []
    assert await store.used("a/") == 3
    assert await store.used("") == 10


@pytest.mark.parametrize("store", ["memory", "seaweed"], indirect=True)
async def test_more_objects_than_one_page(store: ArtifactStore) -> None:
    """A listing and a deletion go on after the first thousand."""
    names = [f"many/{n:04}" for n in range(1005)]
    await asyncio.gather(*(store.put(name, b"") for name in names))
    assert [key for key, _ in await keys(store, "many/")] == names
    await store.delete(names)
    assert await keys(store, "many/") == []


async def test_deleting_can_be_repeated(store: ArtifactStore) -> None:
    """What is gone, or never was, is no error; the rest stays."""
    await store.put("a", b"1")
    await store.put("b", b"2")
    await store.delete(["a", "never"])
    await store.delete(iter(["a"]))
    await store.delete([])
    assert [key for key, _ in await keys(store, "")] == ["b"]


async def test_the_bucket_can_be_ensured_again(store: ArtifactStore) -> None:
    """A second `ensure_bucket` changes nothing."""
    await store.put("k", b"1")
    await store.ensure_bucket()
    assert await store.get("k") == b"1"


async def test_many_at_once(store: ArtifactStore) -> None:
    """Side by side, each object is its own."""
    await asyncio.gather(*(store.put(f"c/{n}", str(n).encode() * 100) for n in range(50)))
    found = await asyncio.gather(*(store.get(f"c/{n}") for n in range(50)))
    assert found == [str(n).encode() * 100 for n in range(50)]
