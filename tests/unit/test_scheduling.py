"""Which process runs which tests."""

from itertools import groupby
from types import SimpleNamespace
from typing import Any

from scheduling import FolderScheduling

FILES = {
    "tests/e2e": 4,
    "tests/integration/doors": 3,
    "tests/integration/spine": 3,
    "tests/unit/domain": 6,
}
SPINE = "tests/integration/spine"
TESTS = [
    f"{folder}/test_{n}.py::test_{m}" for folder, count in FILES.items() for n in range(count) for m in "abc"
]


class Process:
    """A process that runs what it is given."""

    shutting_down = False
    gateway = SimpleNamespace(id="gw")

    def __init__(self) -> None:
        self.given: list[int] = []
        self.ran: list[str] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.given += indices

    def shutdown(self) -> None:
        self.shutting_down = True

    def folders(self) -> list[str]:
        """Those that it has been in, in turn."""
        return [folder for folder, _ in groupby(test.rsplit("/", 1)[0] for test in self.ran)]


def run(count: int) -> list[Process]:
    """Some processes after all tests, each of which takes as long as any other."""
    config: Any = SimpleNamespace(
        option=SimpleNamespace(loadscopereorder=True), getvalue=lambda _: ["popen"] * count, rootpath=None
    )
    log: Any = SimpleNamespace(loadscopesched=lambda *_: None, loadfilesched=lambda *_: None)
    scheduling, processes = FolderScheduling(config, log), [Process() for _ in range(count)]
    nodes: list[Any] = list(processes)
    for node in nodes:
        scheduling.add_node(node)
    for node in nodes:
        scheduling.add_node_collection(node, TESTS)
    scheduling.schedule()
    while any(process.given for process in processes):
        for node in nodes:
            if node.given:
                index = node.given.pop(0)
                node.ran.append(TESTS[index])
                scheduling.mark_test_complete(node, index)
    return processes


def test_every_test_runs_once() -> None:
    for count in (1, 2, 3, 8):
        assert sorted(test for process in run(count) for test in process.ran) == sorted(TESTS)


def test_a_process_comes_back_to_no_folder() -> None:
    """Its stack has ended."""
    for count in (1, 2, 3):
        for process in run(count):
            assert len(process.folders()) == len(set(process.folders()))


def test_processes_begin_with_what_takes_longest() -> None:
    """Apart from each other, unless a folder has enough for two; what only computes fills the rest."""
    processes = run(3)
    assert {process.folders()[0] for process in processes} == {"tests/e2e", SPINE}
    assert processes[0].folders()[-1] == "tests/unit/domain"


def test_a_stack_in_two_shapes_is_started_by_one_process() -> None:
    for count in (2, 3, 8):
        assert len([process for process in run(count) if SPINE in process.folders()]) == 1
