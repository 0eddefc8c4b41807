"""The suite of the artifact store, on MinIO in a container, with the lean PUT and with the SDK alone."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from contract.adapters.test_artifact_store import *  # noqa: F403 - the suite itself
from reprise_runtime.s3.artifact_store import ArtifactStore, S3Store
from reprise_runtime.settings import S3

pytestmark = pytest.mark.docker


@pytest.fixture(params=["lean", "sdk"])
async def store(request: pytest.FixtureRequest, minio: S3) -> AsyncIterator[ArtifactStore]:
    """An empty store: a bucket of its own."""
    store = S3Store(
        minio.model_copy(update={"lean": request.param == "lean", "bucket": f"test-{uuid4().hex}"})
    )
    await store.ensure_bucket()
    yield store
    await store.close()
