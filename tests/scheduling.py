"""Which process runs which tests: what takes long is begun first, and a process that has started a stack for
the tests of a folder stays in that folder for as long as it has tests left."""

from collections import Counter
from pathlib import PurePosixPath

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

SECONDS = {
    "tests/unit": 0.1,
    "tests/contract": 0.5,
    "tests/integration": 2.0,
    "tests/integration/cli": 8.0,
    "tests/e2e": 5.0,
    "tests/faults": 20.0,
}
"""Of a test of a folder and of those in it, about: only their proportions count."""
UNDIVIDED = {"tests/integration/spine"}
"""Folders that one process runs from end to end, since their stack comes in two shapes: the tests of all
files on the one, then all on the other."""


class FolderScheduling(LoadFileScheduling):
    """Gives out files, a folder of `UNDIVIDED` as one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return folder if (folder := _folder(file)) in UNDIVIDED else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        self.workqueue.move_to_end(self._next_for(node), last=False)
        super()._assign_work_unit(node)

    def _next_for(self, node: WorkerController) -> str:
        """A file of the folder in which the process is; then of the one that has most left for each process
        in it."""
        left: Counter[str] = Counter()
        for scope, tests in self.workqueue.items():
            left[_folder(scope)] += len(tests) * _seconds(scope)
        inside = {other: _folder(next(reversed(work))) for other, work in self.assigned_work.items() if work}
        folder = inside.get(node, "")
        if folder not in left:
            crowd = Counter(inside.values())
            folder = max(left, key=lambda one: left[one] / (1 + crowd[one]))
        return next(scope for scope in self.workqueue if _folder(scope) == folder)


def _folder(scope: str) -> str:
    return scope if scope in UNDIVIDED else str(PurePosixPath(scope).parent)


def _seconds(scope: str) -> float:
    return next(SECONDS[str(above)] for above in PurePosixPath(scope).parents if str(above) in SECONDS)
