"""The web app's types are those of the contracts."""

import importlib.util
from pathlib import Path

WEB = Path(__file__).parents[2] / "services" / "web"


def test_the_types_of_the_web_app_are_up_to_date() -> None:
    """Run `python services/web/generate_wire.py` after changing the contracts."""
    spec = importlib.util.spec_from_file_location("generate_wire", WEB / "generate_wire.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.FILE.read_text() == module.typescript()
