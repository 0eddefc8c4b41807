"""What these tests share with the gateway's own."""

from unit.gateway.conftest import make_site

__all__ = ["make_site"]
