"""What is sent to Haplo: forms, and files among the fields of a form, within Haplo's limits. Next: `haplo`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from engine.simulators.key import Form, Gate
from engine.simulators.message import Answer, Request, html_answer, text_answer
from engine.simulators.multipart import Field, MultipartError, read_multipart

BODY_LIMIT = 1_048_576  # of any body that is not multipart; it must be smaller
FIELD_LIMIT = 131_072  # of a text field among files
TEXT_LIMIT = 16_777_216  # of a file that is read as text
BAD_REQUEST = "Bad request (failed validation)"
_NO_FILE_EXPECTED = "A file was uploaded, but it was not expected by the application. Field name: '%s'"

Act = Callable[..., Answer]


class UploadError(ValueError):
    """A file that Haplo does not take; the text is Haplo's."""


def read_control(content: bytes, check: Callable[[Any], list[str]]) -> Any:
    """The control file that was uploaded; UploadError when it is refused."""
    control = parse_text_file(content, "Uploaded file is not JSON")
    if messages := check(control):
        raise UploadError("Invalid control file:\n  " + "\n  ".join(messages))
    return control


def parse_text_file(content: bytes, refusal: str) -> Any:
    """What a file of JSON says; UploadError when it is too long, or something else."""
    try:
        if len(content) > TEXT_LIMIT:
            raise ValueError("too long")
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise UploadError(refusal) from None


def taking_form(gate: Gate, act: Callable[[Form], Answer]) -> Act:
    """A route that takes a form and no file."""

    def answer(request: Request, *_: str | None) -> Answer:
        form = read_form(request)
        return gate.refusal(request, form) or misfit(request) or act(form)

    return answer


def taking_file(gate: Gate, act: Callable[[Form, Field], Answer]) -> Act:
    """A route that takes a file in the field `file`."""

    def answer(request: Request, *_: str | None) -> Answer:
        refusal = gate.refusal(request, read_form(request))
        if refusal is not None:
            return refusal
        if request.media_type != "multipart/form-data":
            return misfit(request) or text_answer(BAD_REQUEST, 400)
        try:
            fields = read_multipart(request.headers["content-type"], request.body)
        except MultipartError as error:
            return text_answer(f"simulator: not multipart/form-data: {error}", 400)
        return _act_on_file(act, fields)

    return answer


def misfit(request: Request) -> Answer | None:
    """The answer to a body that is multipart where none is taken, or too long."""
    if request.media_type == "multipart/form-data" or len(request.body) >= BODY_LIMIT:
        return html_answer("Internal error", 500)
    return None


def read_form(request: Request) -> Form:
    """The fields of a form; none when the body is something else."""
    if request.media_type != "application/x-www-form-urlencoded":
        return {}
    return dict(parse_qsl(request.body.decode("utf-8"), keep_blank_values=True))


def _act_on_file(act: Callable[[Form, Field], Answer], fields: list[Field]) -> Answer:
    """Sort the parts into form and file, as Haplo does, and act."""
    texts = [field for field in fields if not field.filename]
    files = [field for field in fields if field.filename]
    if any(len(field.content) > FIELD_LIMIT for field in texts):
        return html_answer("Request size limit exceeded", 500)
    for file in files:
        if file.name != "file":
            return text_answer(_NO_FILE_EXPECTED % file.name, 400)
    form = {field.name: field.content.decode("utf-8") for field in texts}
    if "file" in form:
        return html_answer("Internal error", 500)
    if len(files) != 1:
        return text_answer(BAD_REQUEST, 400)
    return act(form, files[0])
