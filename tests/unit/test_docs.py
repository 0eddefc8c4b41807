"""The pages say what the code does."""

import importlib.util
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
    """R1 to R28."""
    tests = "\n".join(file.read_text().lower() for file in DOCS.parent.joinpath("tests").rglob("test_*.py"))
    missing = [number for number in range(1, 29) if f"r{number}_" not in tests and f"r{number}:" not in tests]
    assert missing == []
