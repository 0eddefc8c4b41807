"""The rules stay few enough to be read in one sitting."""

import ast
import io
import tokenize
from pathlib import Path

import reprise_domain

LIMIT = 1340


def statements(source: str) -> int:
    """Statements, heads of blocks and imports among them, without docstrings: as many at any width of a
    line."""
    said = sum(
        token.type == tokenize.NEWLINE for token in tokenize.generate_tokens(io.StringIO(source).readline)
    )
    silent = sum(
        isinstance(found, ast.Expr)
        and isinstance(found.value, ast.Constant)
        and isinstance(found.value.value, str)
        for found in ast.walk(ast.parse(source))
    )
    return said - silent


def test_the_domain_is_small() -> None:
    """All of `decide`, `reduce`, freshness and previews; a rule that does not fit asks which of the others it
    makes simpler."""
    files = sorted(Path(reprise_domain.__file__).parent.glob("*.py"))
    assert len(files) > 10
    assert sum(statements(file.read_text()) for file in files) < LIMIT
