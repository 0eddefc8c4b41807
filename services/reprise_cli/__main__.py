"""`reprise` and `python -m reprise_cli`."""

import sys

from reprise_cli.app import run


def main() -> None:
    """Run the command and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
