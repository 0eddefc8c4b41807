"""The same servers as containers. Skipped, with the reason, where no Docker engine runs."""

import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

from containers.composed import image
from reprise_runtime.roles import ADMIN, ROLES
from reprise_runtime.settings import S3, Limits, Nats, Settings, Timings

MINIO_IMAGE = os.environ.get("MINIO_IMAGE")
CONFIG = Path(__file__).parents[2] / "deploy" / "nats"
KEYS = ("reprise-test", "reprise-test-secret")
testcontainers_config.ryuk_disabled = (
    True  # every container is stopped by its own fixture; no further image is needed
)


@pytest.fixture(scope="session")
def engine() -> None:
    """A Docker engine, or the reason why these tests are skipped. Asked on the bare socket: the SDK leaves
    one open when nobody answers."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    where = urlsplit(address)
    unix = where.scheme == "unix"
    with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as probe:
        probe.settimeout(5)
        try:
            probe.connect(where.path if unix else (where.hostname, where.port or 2375))
        except OSError as error:
            pytest.skip(f"no Docker engine at {address}: {error.strerror or error}")


@dataclass(frozen=True)
class NatsInDocker:
    """What the suites need of a NATS server."""

    settings: Nats


@pytest.fixture(scope="session")
def nats_server(engine: None) -> Iterator[NatsInDocker]:
    """NATS with the configuration and the users of the compose file."""
    passwords = {role: f"r{secrets.token_hex(8)}" for role in ROLES}
    container = (
        DockerContainer(image("NATS_IMAGE"))
        .with_command("-c /etc/reprise/nats.conf")
        .with_volume_mapping(str(CONFIG), "/etc/reprise", "ro")
        .with_env("NATS_SERVER_NAME", "nats")
        .with_envs(**{f"REPRISE_SECRETS__{role.upper()}": password for role, password in passwords.items()})
        .with_exposed_ports(4222, 8222)
        .waiting_for(HttpWaitStrategy(8222, "/healthz").for_status_code(200))
    )
    with container:
        url = f"nats://{container.get_container_host_ip()}:{container.get_exposed_port(4222)}"
        yield NatsInDocker(Nats(url=url, user=ADMIN, password=SecretStr(passwords[ADMIN])))


@pytest.fixture(scope="session")
def minio(engine: None) -> Iterator[S3]:
    """MinIO, of an image that somebody kept: its makers' are gone."""
    if MINIO_IMAGE is None:
        pytest.skip("MINIO_IMAGE names no image of MinIO")
    access_key, secret_key = KEYS
    container = (
        DockerContainer(MINIO_IMAGE)
        .with_command("server /data")
        .with_env("MINIO_ROOT_USER", access_key)
        .with_env("MINIO_ROOT_PASSWORD", secret_key)
        .with_exposed_ports(9000)
        .waiting_for(HttpWaitStrategy(9000, "/minio/health/live").for_status_code(200))
    )
    with container:
        endpoint = f"{container.get_container_host_ip()}:{container.get_exposed_port(9000)}"
        yield S3(endpoint=endpoint, access_key=access_key, secret_key=SecretStr(secret_key))


@pytest.fixture
def settings(nats_server: NatsInDocker) -> Settings:
    """Settings for the container, with short timings and small streams."""
    return Settings(
        nats=nats_server.settings,
        timings=Timings(heartbeat=0.3, lease=1.0, backoff=0.05, publish_timeout=2.0),
        limits=Limits(
            session_bytes=64 << 20,
            inbox_bytes=16 << 20,
            dlq_bytes=16 << 20,
            jobs_bytes=16 << 20,
            progress_bytes=16 << 20,
        ),
    )
