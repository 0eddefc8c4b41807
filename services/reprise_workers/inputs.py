"""The inputs of a job, also where they are too many for its message."""

from collections.abc import Mapping

from reprise_contracts.artifacts import InputRef
from reprise_contracts.jobs import InputList, Job
from reprise_runtime.s3.artifact_store import ArtifactStore


async def inputs_of(job: Job, store: ArtifactStore) -> Mapping[str, InputRef]:
    """Return the job's inputs by node; raises `ObjectMissing`, `ObjectCorrupt`, `Malformed`."""
    if job.inputs_object is None:
        return job.inputs
    data = await store.get_verified(job.inputs_object.key, job.inputs_object.sha256)
    return InputList.decode(data).inputs
