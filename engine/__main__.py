"""`python -m engine` is `haplomap`."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command; Ctrl-C is no traceback even while the program is still being loaded."""
    try:
        from engine.cli.main import main as run
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted [interrupted]\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
