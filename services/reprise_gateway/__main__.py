"""`python -m reprise_gateway`: serve with the settings of the environment."""

from reprise_gateway.app import serve
from reprise_runtime.service import run_service

if __name__ == "__main__":
    run_service(serve)
