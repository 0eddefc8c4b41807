"""The rules stay few enough to be read in one sitting."""

import ast
from pathlib import Path

import reprise_domain

LIMIT = 1400


def lines_of_code(source: str) -> int:
    """Lines that say something, imports among them: without blanks, comments and docstrings."""
    silent: set[int] = set()
    for found in ast.walk(ast.parse(source)):
        if isinstance(found, ast.Expr) and isinstance(found.value, ast.Constant) and isinstance(found.value.value, str):
            silent.update(range(found.lineno, (found.end_lineno or found.lineno) + 1))
    lines = enumerate(source.splitlines(), 1)
    return sum(1 for number, line in lines if number not in silent and line.strip() and not line.lstrip().startswith("#"))


def test_the_domain_is_small() -> None:
    """All of `decide`, `reduce`, freshness and previews; a rule that does not fit asks which of the others it makes simpler."""
    files = sorted(Path(reprise_domain.__file__).parent.glob("*.py"))
    assert len(files) > 10
    assert sum(lines_of_code(file.read_text()) for file in files) < LIMIT
