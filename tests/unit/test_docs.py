"""The pages say what the code does."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parent.parent.parent / "docs"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["users.md", "rules.md"])
def test_generated_parts_are_up_to_date(page: str) -> None:
    """They are made from the tables: run `python docs/generate.py` after changing those."""
    assert (DOCS / page).read_text() == generator().filled(page)


def test_every_rule_has_a_test_that_names_it() -> None:
    """`test_r7_…`, or `test_r12_r13_…` for a test of two: each rule of the page has one, and no test names a
    rule that is not there."""
    numbers = [
        int(number)
        for number in re.findall(r"^- \*\*R(\d+)\*\*", (DOCS / "rules.md").read_text(), re.MULTILINE)
    ]
    rules = set(numbers)
    assert len(numbers) == len(rules) and numbers == sorted(numbers)
    tests = (file.read_text() for file in DOCS.parent.joinpath("tests").rglob("test_*.py"))
    named = (name for text in tests for name in re.findall(r"def test_((?:r\d+_)+)", text))
    assert {int(number) for name in named for number in re.findall(r"\d+", name)} == rules


def test_every_fault_of_the_page_has_the_test_that_it_names() -> None:
    """A name is `folder/file.py::test`; `…::test` is of the file named before it."""
    tests, last, named = DOCS.parent / "tests", "", 0
    for file, name in re.findall(r"`([\w/.]+|…)::(test_\w+)`", (DOCS / "faults.md").read_text()):
        last = last if file == "…" else file
        assert f"def {name}(" in tests.joinpath(last).read_text(), name
        named += 1
    assert named >= 40
