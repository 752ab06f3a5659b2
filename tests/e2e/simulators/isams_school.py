"""A client that speaks to the simulated iSAMS as the public clients do, and what documents are looked at with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import httpx
from lxml import etree

from engine.simulators.isams import SIMULATOR
from engine.simulators.isams.setting import CASES, RARE, Setting

XML = "/api/batch/1.0/xml.ashx"
JSON = "/api/batch/1.0/json.ashx"
DATES = 'StartDate="2026-03-02" EndDate="2026-03-02"'


def filters(*inner: str, run: Iterable[str] = ()) -> str:
    """The body of a request: methods to run, and the text of module elements."""
    methods = "".join(f"<Method>{name}</Method>" for name in run)
    return f"<Filters>{f'<MethodsToRun>{methods}</MethodsToRun>' if methods else ''}{''.join(inner)}</Filters>"


def setting(*cases: str, **others: Any) -> Setting:
    """A setting with these awkward cases and no others."""
    return Setting(cases=frozenset(cases), **others)


EVERYTHING = setting(*CASES, *RARE)


class Isams:
    """Reads of one simulated school."""

    def __init__(self, sim: SIMULATOR) -> None:
        self.sim = sim
        self.config = sim.config
        self.http = httpx.Client(base_url=sim.url, timeout=20, trust_env=False)

    def post(self, key: str, body: str = "", path: str = XML, **headers: str) -> httpx.Response:
        """Ask with a key by its name; what is no name is sent as it is."""
        guid = self.config["keys"].get(key, key)
        return self.http.post(path, params={"apiKey": guid}, content=body.encode(), headers=headers)

    def read(self, key: str, body: str = "") -> etree._Element:
        """The document that a key gets."""
        answer = self.post(key, body)
        assert answer.status_code == 200, answer.text
        return etree.fromstring(answer.content)

    def find(self, path: str, key: str, body: str = "") -> list[etree._Element]:
        """The records at a path of the document that a key gets."""
        return self.read(key, body).findall(path)

    def control(self, name: str, content: str, method: str = "PUT") -> httpx.Response:
        """Call one of the control routes."""
        answer = self.http.request(method, f"/__control__/{name}", content=content)
        assert answer.status_code == 200, answer.text
        return answer

    def token(self, **form: str) -> httpx.Response:
        """Ask for a token."""
        return self.http.post("/auth/connect/token", data={"grant_type": "client_credentials", **form})

    def rest_token(self) -> str:
        """A token of the REST API."""
        form = {"client_id": self.config["client_id"], "client_secret": self.config["client_secret"]}
        return str(self.token(**form).json()["access_token"])

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        """Read from the REST API."""
        if not hasattr(self, "_bearer"):
            self._bearer = self.rest_token()
        return self.http.get(path, params=parameters or None, headers={"Authorization": f"Bearer {self._bearer}"})


def message(answer: httpx.Response) -> dict[str, str]:
    """What an error document says; read as the public clients do, who pass over its declaration."""
    text = answer.content.decode("ascii")
    head, _, rest = text.partition("\n")
    assert head == '<?xml version="1.0" encoding="utf-16"?>'
    root = etree.fromstring(rest)
    assert root.tag == "Message"
    return {child.tag: child.text or "" for child in root}


def paths(node: etree._Element, above: str = "") -> Iterator[str]:
    """All ways to elements and attributes of a document."""
    here = f"{above}/{node.tag}"
    yield here
    yield from (f"{here}/@{name}" for name in node.attrib)
    for child in node:
        yield from paths(child, here)


def texts(nodes: Iterable[etree._Element], path: str) -> list[str | None]:
    """The text, or with @ the attribute, of each record."""
    if path.startswith("@"):
        return [node.get(path[1:]) for node in nodes]
    return [node.findtext(path) for node in nodes]
