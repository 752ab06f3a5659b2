"""Any page size over any number of records: each record is read once, on any number of connections."""

import json
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import Clock
from engine.journal import Journal
from engine.spec.source import Source
from engine.stages.extract import extract
from engine.stages.land import land
from engine.stages.transport import Head, Transport
from engine.stages.want import Want


def a_source(size, connections, states_total, sends_size):
    pages = {"kind": "number", "param": "page", "last": {"at": "$.pages", "absent": "one"}, "page": "$.page"}
    if states_total:
        pages["total"] = "$.total"
    if sends_size:
        pages["size"] = {"param": "size", "value": size}
    main = {"base_url": "http://x", "auth": {"kind": "none"}, "pages": pages, "rates": {"connections": connections}}
    endpoint = {"get": "things", "sets": {"things": {"records": "$.things", "key": "id", "fields": {"id": {}}}}}
    return Source.model_validate({"source": "test", "apis": {"main": main}, "endpoints": {"things": endpoint}})


def serving(count, size):
    """Return what stands for the network: an API of so many things, so many on a page."""

    def send(transport, asked, into):
        number = int(asked.params["page"])
        things = [{"id": str(n)} for n in range(count)][(number - 1) * size : number * size]
        answer = {"things": things, "page": number, "pages": -(-count // size), "total": count}
        into.write(json.dumps(answer).encode())
        return Head(200, {})

    return patch.object(Transport, "send", send)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(0, 120),
    size=st.integers(1, 130),
    connections=st.integers(1, 4),
    states_total=st.booleans(),
    sends_size=st.booleans(),
)
def test_every_record_is_read_exactly_once(count, size, connections, states_total, sends_size):
    source = a_source(size, connections, states_total, sends_size)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        stack.enter_context(serving(count, size))
        journal = stack.enter_context(Journal(folder / "journal"))
        wants = [Want("things", {"things": None})]
        answers = extract(source, {}, wants, folder, journal, Clock(), lambda event: None)
        facts = land(source, "things", None, answers, folder)
        rows = duckdb.execute("SELECT id FROM read_parquet(?)", [str(facts.file)]).fetchall()
    assert [row[0] for row in rows] == [str(n) for n in range(count)]
    assert len(answers) == max(1, -(-count // size))
    assert facts.repeated == 0
