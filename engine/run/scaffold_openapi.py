"""A source begun from an OpenAPI 3 document: each GET whose answer has records becomes an endpoint.

What is guessed (pages, keys, what an id in a path is an id of) is marked `assumed`, with the reason; what cannot be
taken over is listed with one too. Next: `run/scaffold_answer`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.run.scaffold_answer import records_of
from engine.run.scaffold_auth import guess_auth
from engine.run.scaffold_draft import AUTH, Draft, EndpointDraft, SetDraft, begun
from engine.run.scaffold_guess import singular, snake, words_of
from engine.run.scaffold_paging import guess_pages
from engine.run.scaffold_reading import ScaffoldError, read_description
from engine.run.scaffold_schema import Schemas, first_sentence
from engine.run.scaffold_shape import Drafted, Shape

_PARAM = re.compile(r"\{([^{}]+)\}")
_VERSION = re.compile(r"v?\d+(?:\.\d+)*|api|rest")
_WRITES = ("post", "put", "patch", "delete")


def draft_of_openapi(name: str, file: Path) -> Draft:
    """Return the draft of a source, by its description."""
    document = read_description(file)
    _require_version(document, file)
    return _Reader(name, file, document).draft()


def _require_version(document: Mapping[str, Any], file: Path) -> None:
    if "swagger" in document:
        fix = "convert it to OpenAPI 3 first; editors and converters for OpenAPI do"
        what = f"{file} is Swagger {document['swagger']}, the form before OpenAPI 3"
        raise ScaffoldError(what, why="OpenAPI 3.0 and 3.1 are read", fix=fix, code="not-openapi")
    version = document.get("openapi")
    if version is None:
        fix = "if it is an answer of the source, give it as --sample"
        why = "its first key would be 'openapi', with the version"
        raise ScaffoldError(f"{file} is no OpenAPI document", why=why, fix=fix, code="not-openapi")
    if not str(version).startswith("3."):
        raise ScaffoldError(f"{file} is OpenAPI {version}", why="OpenAPI 3.0 and 3.1 are read", code="not-openapi")
    if not isinstance(document.get("paths"), dict) or not document["paths"]:
        raise ScaffoldError(f"{file} describes no paths", why="endpoints are made of its 'paths'", code="not-openapi")


class _Reader:
    """Goes through one document; `_lists` are the endpoints so far whose records others may be asked for."""

    def __init__(self, name: str, file: Path, document: dict[str, Any]) -> None:
        self._document = document
        self._schemas = Schemas(document)
        self._lists: dict[str, EndpointDraft] = {}
        info = self._schemas.target(document.get("info"))
        self._draft = begun(name, str(info.get("title") or name), file.name)

    def draft(self) -> Draft:
        self._begin()
        paths = {str(path): self._schemas.target(item) for path, item in self._document["paths"].items()}
        for path in sorted(paths, key=lambda each: (each.count("{"), list(paths).index(each))):
            writes = [verb.upper() for verb in _WRITES if verb in paths[path]]
            if writes:
                self._draft.left_out.append(f"{'/'.join(writes)} {path}: it is no read")
            if "get" in paths[path]:
                self._add(path, paths[path], self._schemas.target(paths[path]["get"]))
        if not self._draft.endpoints:
            why = "; ".join(self._draft.left_out[:3])
            raise ScaffoldError("nothing in this document gives records", why=why, code="no-records")
        return self._draft

    def _begin(self) -> None:
        """Draft the address and the auth."""
        servers = self._document.get("servers") or [{}]
        server = self._schemas.target(servers[0])
        url, variables = str(server.get("url", "")), self._schemas.target(server.get("variables"))
        for each, item in variables.items():
            url = url.replace(f"{{{each}}}", str(self._schemas.target(item).get("default", "")))
        if re.match(r"https?://", url):
            self._draft.config["base_url"]["default"] = url.rstrip("/")
        self._begin_auth()

    def _begin_auth(self) -> None:
        components = self._schemas.target(self._document.get("components"))
        schemes = self._schemas.target(components.get("securitySchemes"))
        wanted = [name for each in self._document.get("security") or [] if isinstance(each, dict) for name in each]
        for name in [*wanted, *schemes]:
            guess = guess_auth(name, self._schemas.target(schemes.get(name)))
            if guess is not None:
                self._draft.api |= {"auth": guess.auth} | ({"params": guess.params} if guess.params else {})
                self._draft.config |= guess.config
                self._draft.comments[AUTH] = f"guessed {guess.why}"
                return
        names = ", ".join(schemes)
        told = f"no word fits the security schemes {names}" if names else "the document has no security schemes"
        self._draft.comments[AUTH] = f"to be filled in: {told}"

    def _add(self, path: str, item: Mapping[str, Any], operation: Mapping[str, Any]) -> None:
        """Draft the endpoint of one path, or say why there is none."""
        shape = self._answer(operation)
        if isinstance(shape, str):
            self._draft.left_out.append(f"GET {path}: {shape}")
            return
        params = self._params(item, operation)
        ends = path.rstrip("/").endswith("}")
        paging = None if ends else guess_pages({n: p["schema"] for n, p in params["query"].items()}, shape)
        tag = next(iter(operation.get("tags") or []), None)
        name = self._name(path)
        group = snake(str(tag)) if tag else snake(_steps(path)[0]) if _steps(path) else name
        endpoint = EndpointDraft(name, group, path.lstrip("/"), [], first_sentence(operation.get("summary")))
        endpoint.deprecated = operation.get("deprecated") is True
        if paging is not None:
            endpoint.pages, used = paging.pages, paging.params
            endpoint.assumed.append(paging.why)
            params["query"] = {each: spec for each, spec in params["query"].items() if each not in used}
        endpoint.sets = records_of(name, shape, single=ends, paged=paging is not None, hint=_last(path))
        self._fill_path(path, endpoint)
        self._fill_params(params, endpoint)
        self._keep(path, endpoint, ends)

    def _keep(self, path: str, endpoint: EndpointDraft, single: bool) -> None:
        parent = self._lists.get(path[: path.rindex("{")].rstrip("/")) if single else None
        if parent is not None and len(parent.sets) == 1:
            known = {each.name for each in parent.sets[0].fields}
            more = {f.name for each in endpoint.sets for f in each.fields if "link" not in f.spec} - known
            if not more:
                self._draft.left_out.append(f"GET {path}: it gives nothing that {parent.name} does not give")
                return
        if not any(each.fields for each in endpoint.sets):
            self._draft.left_out.append(f"GET {path}: no field of its records is described")
            return
        self._draft.endpoints.append(endpoint)
        if not single and not any(each.one for each in endpoint.sets):
            self._lists[path.rstrip("/")] = endpoint

    def _answer(self, operation: Mapping[str, Any]) -> Shape | str:
        """Return the shape of the answer that is no failure, or why there is none."""
        responses = {str(code): each for code, each in self._schemas.target(operation.get("responses")).items()}
        good = [code for code in responses if re.fullmatch(r"2\d\d|2XX|default", code, re.IGNORECASE)]
        content = self._schemas.target(self._schemas.target(responses[min(good)]).get("content")) if good else {}
        media = next((each for each in content if re.match(r"application/([\w.+-]+\+)?json|\*/\*", each)), None)
        if media is None:
            return f"its answer is {', '.join(content)}, not JSON" if content else "no answer is described"
        schema = self._schemas.target(content[media]).get("schema")
        shape = self._schemas.answer(schema) if schema else Shape("text")
        return shape if shape.kind in ("object", "list") else "its answer has no records"

    def _params(self, item: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the parameters by where they go and by name; those of the operation go before those of the path."""
        found: dict[str, dict[str, Any]] = {"query": {}, "header": {}, "path": {}}
        for each in [*(item.get("parameters") or []), *(operation.get("parameters") or [])]:
            param = self._schemas.target(each)
            if param.get("in") in found and "name" in param:
                schema = self._schemas.target(param.get("schema"))
                found[param["in"]][str(param["name"])] = {**param, "schema": schema}
        return found

    def _name(self, path: str) -> str:
        """Return a name for an endpoint that no other has: `/students/{id}/contacts` is student_contacts."""
        steps = [each for each in path.strip("/").split("/") if not _VERSION.fullmatch(each.lower())]
        parts = [
            singular(snake(step)) if place + 1 < len(steps) and _PARAM.search(steps[place + 1]) else snake(step)
            for place, step in enumerate(steps)
            if not _PARAM.search(step)
        ]
        name = "_".join(parts) or "root"
        taken = {each.name for each in self._draft.endpoints} | {each.name for each in self._draft.sets()}
        number = next(count for count in range(1, 1000) if (name if count == 1 else f"{name}_{count}") not in taken)
        return name if number == 1 else f"{name}_{number}"

    def _fill_path(self, path: str, endpoint: EndpointDraft) -> None:
        """Put a value in place of each name in a path: of the records that it is asked for, or of the school file."""
        for match in _PARAM.finditer(path):
            parent = self._lists.get(path[: match.start()].rstrip("/"))
            if parent is not None and parent.for_each is None and endpoint.for_each is None and parent.sets[0].key:
                value = self._ask_for_each(parent.sets[0], match[1], endpoint)
            else:
                value = self._item(match[1], f"the {match[1]} in the path {path}")
            endpoint.get = endpoint.get.replace(match[0], value)

    def _ask_for_each(self, parent: SetDraft, param: str, endpoint: EndpointDraft) -> str:
        key = parent.key[0]
        names = {field.name for each in endpoint.sets for field in each.fields}
        kept = singular(parent.name)
        kept = f"{kept}_key" if kept in names else kept
        endpoint.for_each = {"set": parent.name, "keep": {kept: key}}
        endpoint.assumed.append(f"that {param} in its path is {parent.name}.{key} is guessed from the paths")
        personal = next(each.spec.get("pii") for each in parent.fields if each.name == key)
        for each in endpoint.sets:
            spec = ({"pii": personal} if personal else {}) | {"link": f"{parent.name}.{key}"}
            each.fields.insert(0, Drafted(kept, spec))
            each.key = [kept, *each.key] if not each.one else [kept]
        return f"{{{{ each.{kept} }}}}"

    def _item(self, param: str, told: str) -> str:
        """Ask the school file for a value; return the template of it."""
        name = snake(param)
        self._draft.config.setdefault(name, {"description": told})
        return f"{{{{ config.{name} }}}}"

    def _fill_params(self, params: Mapping[str, Mapping[str, Any]], endpoint: EndpointDraft) -> None:
        """Give each parameter that is required a value; list the others as filters."""
        for name, param in params["header"].items():
            if param.get("required") is True and name.lower() not in ("authorization", "accept", "content-type"):
                endpoint.headers[name] = self._item(name, f"the header {name}")
        for name, param in params["query"].items():
            required, schema = param.get("required") is True, param["schema"]
            spec: dict[str, Any] = {"required": True} if required else {}
            if isinstance(schema.get("enum"), list):
                spec["values"] = [str(each) for each in schema["enum"] if each is not None]
            if note := first_sentence(param.get("description")):
                spec["note"] = note
            endpoint.filters[name] = spec
            if required and isinstance(schema.get("default"), str | int):
                endpoint.params[name] = str(schema["default"])
            elif required:
                endpoint.params[name] = self._item(name, note or f"the parameter {name}")


def _steps(path: str) -> list[str]:
    """Return the steps of a path that are neither values nor versions."""
    steps = path.strip("/").split("/")
    return [each for each in steps if each and not _PARAM.search(each) and not _VERSION.fullmatch(each.lower())]


def _last(path: str) -> str:
    return "_".join(words_of(_steps(path)[-1])) if _steps(path) else ""
