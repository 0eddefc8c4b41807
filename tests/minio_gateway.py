"""A second implementation of S3 for the tests: MinIO's own front, as JuiceFS's gateway carries it."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from reprise_runtime.operate.servers import HOST, LOCAL_KEYS, Server, answers, find_binary, free_ports
from reprise_runtime.settings import S3


class MinioGateway(Server):
    """MinIO's S3 front over a folder."""

    name = "minio"

    def __init__(self, folder: Path, port: int = 0, *, keys: tuple[str, str] = LOCAL_KEYS) -> None:
        super().__init__(folder)
        drawn, self._metrics_port = free_ports(2)
        self.port = port or drawn
        self._access_key, self._secret_key = keys

    def settings(self) -> S3:
        """How to reach it."""
        return S3(
            endpoint=f"{HOST}:{self.port}",
            access_key=self._access_key,
            secret_key=SecretStr(self._secret_key),
        )

    def command(self) -> list[str]:
        """The program; a new folder is formatted first."""
        binary = find_binary("juicefs")
        database = self.folder / "meta.db"
        meta = f"sqlite3://{database}"
        if not database.exists():
            format_folder = [
                binary,
                "format",
                "--storage",
                "file",
                "--bucket",
                str(self.folder / "blobs"),
                meta,
                "data",
            ]
            subprocess.run(format_folder, check=True, capture_output=True, timeout=60)
        cache = str(self.folder / "cache")
        metrics = f"{HOST}:{self._metrics_port}"
        return [
            binary,
            "gateway",
            "--multi-buckets",
            "--no-usage-report",
            "--cache-dir",
            cache,
            "--metrics",
            metrics,
            meta,
            f"{HOST}:{self.port}",
        ]

    def environment(self) -> Mapping[str, str]:
        """Its credentials."""
        return {"MINIO_ROOT_USER": self._access_key, "MINIO_ROOT_PASSWORD": self._secret_key}

    def ready(self) -> bool:
        """The S3 front answers."""
        return answers(self.port, "/minio/health/live")
