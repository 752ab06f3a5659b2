"""`python -m engine` is `haplomap`."""

import gc
import sys
from typing import NoReturn

_OBJECTS = 100_000
"""So many objects more before Python looks for circles among them: documents are many, and stay."""


def main() -> NoReturn:
    """Run the command; Ctrl-C is no traceback even while the program is still being loaded."""
    gc.set_threshold(_OBJECTS)
    try:
        from engine.cli.main import main as run
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted [interrupted]\n")
        sys.exit(130)
    try:
        run()
    finally:
        gc.freeze()  # all that is left goes with the process, unlooked at


if __name__ == "__main__":
    main()
