"""What a request says beside its path: its body, the methods it asks for by name, and for which records it is made.

Words only; the stages fill them in. Next: `kinds/answer`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from engine.kinds.word import Name, TemplateText, Texts, Word, is_duration, problem


class Body(Word):
    """What a POST sends: one of `text`, `json` and `form`."""

    type: Annotated[
        str | None, Field(description="the content type of a text; in one of XML what is filled in is escaped")
    ] = None
    text: Annotated[TemplateText | None, Field(description="the body, as it is sent")] = None
    json_: Annotated[dict[str, TemplateText] | None, Field(description="the body, as JSON", alias="json")] = None
    form: Annotated[dict[str, TemplateText] | None, Field(description="the body, as a form")] = None

    @model_validator(mode="after")
    def _one(self) -> Body:
        if sum(each is not None for each in (self.text, self.json_, self.form)) != 1:
            raise problem("one-request", "a body is one of text, json and form")
        if (self.type is None) != (self.text is None):
            what = "a text needs its type" if self.type is None else "a type goes with a text only"
            raise problem("one-request", what, "add type: application/xml" if self.type is None else "take type: out")
        return self

    @property
    def is_xml(self) -> bool:
        """Whether what is filled in is escaped for XML."""
        return (self.type or "").partition(";")[0].strip().lower().endswith(("/xml", "+xml"))


class MethodFilter(Word):
    """A filter of a method."""

    note: Annotated[str, Field(description="for the reader")] = ""


class Method(Word):
    """What one request of an api may ask for by name, with others."""

    element: Annotated[str | None, Field(description="where its filters stand in the body: PARENT/ELEMENT")] = None
    filters: Annotated[dict[str, MethodFilter], Field(description="the filters it takes, by name")] = {}
    needs_filter: Annotated[bool, Field(description="the source refuses it without a filter")] = False
    own_key: Annotated[
        bool, Field(description="it is asked for only with a key whose methods are all marked so, and named")
    ] = False
    note: Annotated[str, Field(description="for the reader")] = ""
    assumed: Annotated[str | None, Field(description="why this is not known for certain")] = None

    @model_validator(mode="after")
    def _has_element(self) -> Method:
        if self.filters and self.element is None:
            raise problem("missing-key", "filters stand in an element", "add element: PARENT/ELEMENT")
        if self.element is not None and [bool(part) for part in self.element.split("/")] != [True, True]:
            raise problem("bad-value", f"{self.element!r} is not of the form PARENT/ELEMENT")
        return self


class Filter(Word):
    """A parameter by which an endpoint is asked for some of its records only."""

    required: Annotated[bool, Field(description="the source refuses a request without it")] = False
    values: Annotated[list[str] | None, Field(description="the values that are known, for the reader")] = None
    note: Annotated[str, Field(description="for the reader")] = ""


class Option(Word):
    """An option by which other records come, or fewer; those that bring sets and fields stand there."""

    asked: Annotated[bool, Field(description="every request asks for it")] = False
    note: Annotated[str, Field(description="for the reader")] = ""


class Deprecated(Word):
    """The source still answers an endpoint, and says that it will not for ever."""

    use: Annotated[Name | None, Field(description="the endpoint to use instead, if there is one")] = None
    note: Annotated[str, Field(description="what is known of it; told with the warning")] = ""


class Ask(Word):
    """The method that brings a record set."""

    method: Annotated[str, Field(description="one of the methods of the api")]
    filters: Annotated[
        dict[str, TemplateText],
        Field(description="its filters; templates of `config`, `settings` and `today`; an empty one is not sent"),
    ] = {}


class ForEach(Word):
    """One request for each record of another set; `{{ each.NAME }}` is a value of that record."""

    set: Annotated[Name, Field(description="the set; it is read first, wanted or not")]
    where: Annotated[dict[str, Texts], Field(description="only records whose fields have one of these texts")] = {}
    keep: Annotated[
        dict[Name, str],
        Field(
            min_length=1,
            description="values by name, from the fields of that set; a field of this name, declared in a set of the "
            "answers, has this value",
        ),
    ]


def _check_up_to(text: str) -> str:
    if "{{" not in text and "{%" not in text and not is_duration(text):
        raise problem("bad-unit", f"{text!r} is not a duration such as 500ms, 30s, 5m, 2h or 7d")
    return text


class Cached(Word):
    """Answers may be old ones: the source keeps them."""

    up_to: Annotated[
        TemplateText,
        AfterValidator(_check_up_to),
        Field(description="how old they may be: a duration, or a template of `config` that gives one"),
    ]
