"""A school that must be asked a thousand times, at its source's published limits, on a clock that jumps over waits.

`python tests/benchmarks/bench_limits.py [PUPILS]`: a first night, the night after it with 1 % changes, and one a month
later, when everything has its turn again. Prints, for each, the requests, the share of what the limit let through, how
many were refused, and the time planned beside the time taken.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from limited import Night, evenings

from engine.cli.show import time_text
from engine.simulators.life import Rates


def show(name: str, night: Night, cpu: float) -> None:
    planned = "not known yet" if night.bill.open else time_text(night.bill.seconds or 0)
    print(
        f"{name}: {night.requests:,} requests, {night.requests / night.allowed:.2%} of {night.allowed:,.0f} allowed, "
        f"{night.refused} refused; took {time_text(night.took)}, planned {planned}; {cpu:.1f} s of CPU"
    )


def main(pupils: int) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        evenings(Path(folder), pupils, token_lives=900, rates=Rates.parse("1%")) as school,
    ):
        for name, days in (("first night", 0), ("the next", 1), ("a month later", 31)):
            school.pass_days(days)
            before = time.process_time()
            show(name, school.run(), time.process_time() - before)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1000)
