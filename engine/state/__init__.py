"""What a project remembers from run to run: one small database, beside the files that it speaks of.

Which mirror a school has of each record set, what was last sent, which runs there were, which scopes were
granted, and who holds a school.
Bulk data is no part of it: `file` names a Parquet file in the school's folder. Stands on `errors`, `clock`,
`journal` and SQLAlchemy Core. Next: `state/record`.
"""

from engine.state.record import Consented, Holder, Mirror, RunRecord, SchoolBusyError, Sent
from engine.state.store import State

__all__ = ["Consented", "Holder", "Mirror", "RunRecord", "SchoolBusyError", "Sent", "State"]
