"""A stack with a gateway, in which every process serves its figures: what an operator watches."""

import re
from pathlib import Path

import httpx

from reprise_contracts import subjects
from reprise_runtime.operate.servers import free_ports
from stack import Caller, Stack, until

SERIES = re.compile(r"\b((?:reprise|process)_[a-z0-9_]+)")


class Operated(Stack):
    """The same processes, each with a port for its figures."""

    def __init__(self, folder: Path, env: dict[str, str] | None = None, concurrency: int = 4) -> None:
        super().__init__(folder, env=env, concurrency=concurrency, gateway=True)
        self.figures: dict[str, int] = {}

    def env_of(self, name: str) -> dict[str, str]:
        port = self.figures.setdefault(name, free_ports(1)[0])
        own = {
            "REPRISE_METRICS__PORT": str(port),
            "REPRISE_NATS__MONITOR": f"http://127.0.0.1:{self.nats.monitor_port}",
            "REPRISE_STATE_DIR": str(self.folder),
        }
        return self.env() | own

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    async def ready(self) -> None:
        """Until the gateway takes work and every pool has a worker."""
        async with self.client() as http:

            async def there() -> bool:
                try:
                    answer = await http.get("/readyz")
                    pools = (await http.get("/workers")).json() if answer.status_code == 200 else []
                except httpx.TransportError:
                    return False
                return bool(pools) and all(pool["workers"] for pool in pools)

            await until(there, 60, "a stack with its workers")

    async def scraped(self, name: str) -> str:
        """The figures of one process."""
        async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
            return (await http.get(f"http://127.0.0.1:{self.figures[name]}/metrics")).text

    async def series(self) -> dict[str, set[str]]:
        """Every series that has a sample, with the processes that export it."""
        found: dict[str, set[str]] = {}
        for name, process in self.processes.items():
            if process.poll() is None:
                for line in (await self.scraped(name)).splitlines():
                    if line and not line.startswith("#"):
                        found.setdefault(re.split(r"[{ ]", line, maxsplit=1)[0], set()).add(name)
        return found


async def value(stack: Operated, process: str, sample: str) -> float:
    """One sample of one process, by its full name with labels."""
    for line in (await stack.scraped(process)).splitlines():
        if line.startswith(f"{sample} "):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


__all__ = ["SERIES", "Caller", "Operated", "subjects", "until", "value"]
