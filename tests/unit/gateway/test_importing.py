"""R41: a bundle becomes a batch with a session in another installation: readable as it was, stale as it was,
and run again like any other."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reprise_contracts.wire import Malformed
from reprise_research.bundle import MANIFEST, Bundle
from unit.gateway.gateway_site import Site

IMPORT = "/batches/import"
ZIP = {"Content-Type": "application/zip"}
Tampering = Callable[[dict[str, bytes], dict[str, Any]], None]


async def exported(site: Site, http: httpx.AsyncClient) -> tuple[str, bytes]:
    """A session whose report is stale and whose first step is locked, and its bundle."""
    _, session_id = await site.finished(http, topic="Tides", guidance="Be exact.")
    site.research.salt["phase3/2"] = " other"
    again = {"session_id": session_id, "step_ids": [2]}
    options = {"guidance": "prices", "propagation": "mark_stale"}
    await http.post("/workflow/restart/step", json=again | {"options": options})
    await site.research.work(session_id)
    await http.post(f"/sessions/{session_id}/lock", json={"node": "phase3/1"})
    await site.seen(session_id)
    answer = await http.get(f"/sessions/{session_id}/bundle")
    assert answer.status_code == 200
    return session_id, answer.content


async def imported(site: Site, http: httpx.AsyncClient, data: bytes, key: str = "i-1") -> dict[str, str]:
    answer = await http.post(IMPORT, content=data, headers=ZIP | {"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    created: dict[str, str] = answer.json()
    await site.seen(created["session_id"])
    return created


def shown(state: dict[str, Any]) -> dict[str, Any]:
    """What a session shows of its nodes, but for its own generations and moments."""
    names = ("status", "freshness", "causes", "artifact", "guidance", "locked_at", "headline", "title")
    own = {"causes": lambda found: [(one["node"], one["reason"]) for one in found]}
    return {
        node: {name: own.get(name, lambda value: value)(view[name]) for name in names}
        for node, view in state["nodes"].items()
    } | {name: state[name] for name in ("topic", "guidance", "engine")}


async def test_r41_a_session_comes_over_as_it_is_and_runs_on(site: Site, http: Any, make_site: Any) -> None:
    """In another installation: the report and every artifact word for word, what is stale stale for the same
    reasons, what is locked locked. A refresh there runs what it would have run here."""
    session_id, data = await exported(site, http)
    before = (await http.get(f"/sessions/{session_id}")).json()
    other = await make_site()
    async with other.client() as there:
        created = await imported(other, there, data)
        new = created["session_id"]
        assert new != session_id
        after = (await there.get(f"/sessions/{new}")).json()
        assert shown(after) == shown(before)
        assert after["nodes"]["phase4"]["freshness"] == "stale" and after["run"] is None
        for node in ("phase0", "phase1", "phase2", "phase4", "phase3/steps/1"):
            here, its = [
                await client.get(f"/sessions/{name}/artifacts/{node}")
                for client, name in ((http, session_id), (there, new))
            ]
            assert its.content == here.content and its.headers["etag"] == here.headers["etag"]
        reports = [
            (await client.get(f"/sessions/{name}/report")).text
            for client, name in ((http, session_id), (there, new))
        ]
        assert reports[0].partition("# Report")[2] == reports[1].partition("# Report")[2]
        sources = (await there.get(f"/batches/{created['batch_id']}/sources")).json()["sources"]
        assert [source["source_id"] for source in sources] == ["src-1", "src-2"]
        text = await there.get(f"/batches/{created['batch_id']}/sources/src-1/text")
        assert text.text == "What src-1 says."
        told = (await there.get(f"/sessions/{new}/events")).json()["events"]
        assert any(session_id in event["text"] and "imported" in event["text"] for event in told)

        again = Bundle.unpacked((await there.get(f"/sessions/{new}/bundle")).content)
        first = Bundle.unpacked(data)
        assert again.files == first.files and again.damaged == []

        refresh = {"session_id": new, "options": {"dry_run": True}}
        plan = (await there.post("/workflow/refresh", json=refresh)).json()["plan"]
        mine = (await http.post("/workflow/refresh", json=refresh | {"session_id": session_id})).json()
        assert plan["run"] == mine["plan"]["run"] == ["phase4"]
        await there.post("/workflow/refresh", json={"session_id": new})
        await other.research.work(new)
        await other.seen(new)
        state = (await there.get(f"/sessions/{new}")).json()
        assert {view["freshness"] for view in state["nodes"].values()} == {"fresh"}


async def test_r41_a_repeat_imports_nothing_twice(site: Site, http: Any) -> None:
    """The same name for another bundle, or for another command, is refused; another name makes another
    batch, beside the origin too."""
    session_id, data = await exported(site, http)
    created = await imported(site, http, data)
    commits = len(await site.gateway.projection.commits(created["session_id"]))
    assert await imported(site, http, data) == created
    assert len(await site.gateway.projection.commits(created["session_id"])) == commits
    assert (await imported(site, http, data, "i-2"))["batch_id"] != created["batch_id"]
    _, fresh = await site.finished(http, topic="Other")
    other = (await http.get(f"/sessions/{fresh}/bundle")).content
    refused = await http.post(IMPORT, content=other, headers=ZIP | {"Idempotency-Key": "i-1"})
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (422, "command_reused")
    form = await http.post(IMPORT, files={"files": ("s.zip", data)}, headers={"Idempotency-Key": "i-3"})
    assert form.status_code == 201
    listed = (await http.get("/batches")).json()["batches"]
    assert sum(batch["topic"] == "Tides" for batch in listed) == 4 and session_id


def repacked(data: bytes, change: Tampering) -> bytes:
    """A bundle in which somebody changed something, with its manifest as they left it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop(MANIFEST))
    change(files, manifest)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in {MANIFEST: json.dumps(manifest).encode(), **files}.items():
            archive.writestr(name, content)
    return held.getvalue()


def _other_words(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    files["artifacts/phase4.json"] = files["artifacts/phase4.json"].replace(b"Text with", b"Lies with")


def _other_text(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    files[next(name for name in files if name.startswith("texts/"))] = b"Something else."


def _gone(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del files["artifacts/phase3-1.json"]


def _more(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    files["artifacts/phase3-99.json"] = b"{}"


def _made_fresh(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    for result in manifest["shared"]["results"]:
        if result["made"]["node"] == "phase1":
            result["made"]["parts"] = {"output": "0" * 64}


def _other_plan(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["shared"]["plan"][0]["title"] = "Another"


def _elsewhere(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["shared"]["results"][0]["made"]["artifact"]["key"] = "phase0/b/s/phase0/g1/a b.json"


def _old(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    for name in [name for name in files if name.startswith("raw/")]:
        del files[name]
    for name in ("format", "spec", "shared", "sources", "raws"):
        manifest.pop(name, None)


def _new(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["format"] = 99


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_other_words, "artifacts/phase4.json is not what was packed"),
        (_other_text, "texts/"),
        (_gone, "artifacts/phase3-1.json is not what was packed"),
        (_more, "artifacts/phase3-99.json is not what was packed"),
        (_made_fresh, "artifacts/phase1.json does not say what its log says"),
        (_other_plan, "artifacts/phase2.json has another plan than its log"),
        (_elsewhere, "artifacts/phase0.json has no key that can be used"),
        (_old, "export the session again"),
        (_new, "it has format 99, and this version reads up to 2"),
    ],
)
async def test_r41_what_was_tampered_with_is_refused_by_name(
    site: Site, http: Any, change: Tampering, said: str
) -> None:
    """And nothing of it is stored or begun."""
    _, data = await exported(site, http)
    objects = set(site.store.objects)
    answer = await http.post(IMPORT, content=repacked(data, change), headers=ZIP)
    assert (answer.status_code, answer.json()["field"]) == (422, "file")
    assert said in answer.json()["detail"] and answer.json()["action"]
    assert set(site.store.objects) == objects


async def test_r41_what_is_no_bundle_is_refused(http: Any) -> None:
    for content in (b"", b"PK no", json.dumps({"topic": "x"}).encode()):
        answer = await http.post(IMPORT, content=content, headers=ZIP)
        assert (answer.status_code, answer.json()["field"]) == (422, "file")
    answer = await http.post(IMPORT, files=[("files", ("a", b"1")), ("files", ("b", b"2"))])
    assert (answer.status_code, answer.json()["field"]) == (422, "files")
    with pytest.raises(Malformed, match="no bundle"):
        Bundle.unpacked(b"")
