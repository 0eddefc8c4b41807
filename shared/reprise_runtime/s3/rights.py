"""Who may do what in the object store: one user per role that uses it. The first part of a key says who
writes it.

Everyone who has a user may read: what a job pins may lie under any prefix, and names no secret of another
role. Deleting is the sweep's. `policies` speaks AWS's language (MinIO, S3 and most others); `identities`
SeaweedFS's own.
"""

from collections.abc import Mapping
from typing import Any

from reprise_contracts.nodes import PHASES
from reprise_contracts.subjects import INPUTS, MARK_PREFIX, SOURCES
from reprise_runtime.roles import GATEWAY, SCHEDULER

WRITES: Mapping[str, tuple[str, ...]] = {
    GATEWAY: (SOURCES, *PHASES),  # uploads, goals and plans that a user edited, and what a bundle brings
    SCHEDULER: (INPUTS, SOURCES, MARK_PREFIX),  # it writes back what it swept too early
    **{phase: (phase, SOURCES) if phase == "phase0" else (phase,) for phase in PHASES},
}
"""The first parts of the keys that a role writes. A role that is not here has no business in the store."""
DELETES: Mapping[str, tuple[str, ...]] = {
    GATEWAY: ("phase1", "phase2"),
    SCHEDULER: (*PHASES, INPUTS, SOURCES),
}
"""The first parts of the keys that a role deletes: the gateway takes back an edit that was refused."""
_MULTIPART = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")


def user_of(role: str) -> str:
    """A role's access key."""
    return f"reprise-{role}"


def policy(role: str, bucket: str) -> dict[str, Any]:
    """What a role may do with a bucket, as an IAM policy document."""
    arn = f"arn:aws:s3:::{bucket}"
    statements = [
        _allow(("s3:GetBucketLocation", "s3:ListBucket"), [arn]),
        _allow(("s3:GetObject",), [f"{arn}/*"]),
        _allow(("s3:PutObject", *_MULTIPART), [f"{arn}/{prefix}/*" for prefix in WRITES[role]]),
    ]
    if role in DELETES:
        statements.append(_allow(("s3:DeleteObject",), [f"{arn}/{prefix}/*" for prefix in DELETES[role]]))
    return {"Version": "2012-10-17", "Statement": statements}


def policies(bucket: str) -> dict[str, dict[str, Any]]:
    """The policy of every user, by its access key."""
    return {user_of(role): policy(role, bucket) for role in WRITES}


def identities(bucket: str, secrets: Mapping[str, str]) -> list[dict[str, Any]]:
    """The users as SeaweedFS's S3 configuration takes them. There a right to write is one to delete as
    well."""
    return [
        {
            "name": user_of(role),
            "credentials": [{"accessKey": user_of(role), "secretKey": secrets[role]}],
            "actions": [
                f"Read:{bucket}",
                f"List:{bucket}",
                *(
                    f"Write:{bucket}/{prefix}/*"
                    for prefix in dict.fromkeys((*WRITES[role], *DELETES.get(role, ())))
                ),
            ],
        }
        for role in WRITES
    ]


def _allow(actions: tuple[str, ...], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": sorted(actions), "Resource": sorted(resources)}
