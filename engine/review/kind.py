"""The kinds of findings of a review: what each means, and how much it asks of a reviewer.

`haplomap review --fail-on` takes these names, and those of weights. Next: `review/finding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from engine.errors import EngineError
from engine.problem_text import did_you_mean

Weight = Literal["harmless", "look", "risky"]
WEIGHTS: Final[Mapping[Weight, str]] = MappingProxyType(
    {"risky": "risky", "look": "worth a look", "harmless": "harmless"}
)
"""The weights, the heaviest first, and how people read them."""


class UnknownKindError(EngineError):
    """`--fail-on` names what is no kind of finding."""

    exit_code = 2
    code = "unknown-kind-of-finding"


@dataclass(frozen=True)
class Kind:
    """One kind of finding. `about` is the heading under which its findings stand."""

    name: str
    weight: Weight
    about: str
    meaning: str


def _kinds(about: str, **kinds: tuple[Weight, str]) -> Iterable[Kind]:
    for name, (weight, meaning) in kinds.items():
        yield Kind(name.replace("_", "-"), weight, about, meaning)


_OF_MAPPINGS: Final = "Mappings"
_ALL: Final = (
    *_kinds(
        _OF_MAPPINGS,
        mapping_added=("look", "an entity is made of a source that it was not made of"),
        mapping_removed=("risky", "an entity is not made of a source any more"),
        field_added=("look", "a target field gets a value"),
        field_removed=("risky", "a target field gets no value any more; Haplo keeps what it has"),
        field_changed=("risky", "a target field is derived otherwise"),
        step_added=("look", "a table of a mapping, or a field of one, that was not there"),
        step_removed=("look", "a table of a mapping, or a field of one, is gone"),
        step_changed=("risky", "a field of a table of a mapping is derived otherwise"),
        records_changed=("risky", "rows, or records of a table, come from elsewhere"),
        filter_added=("risky", "a rule leaves out records that were let through"),
        filter_removed=("risky", "a rule is gone that left out records"),
        filter_changed=("risky", "a rule leaves out other records"),
        filter_reordered=("harmless", "the same rules in another order: a record may be counted under another one"),
        join_added=("look", "other records are seen beside a record"),
        join_removed=("look", "records are not seen beside a record any more"),
        join_changed=("risky", "other records are seen beside a record than before"),
        merging_changed=("risky", "several records become one row otherwise (one_per)"),
        identity_changed=("risky", "rows are found again by other natural keys (known_by)"),
        switch_changed=("risky", "another setting switches an entity, a table or a rule on or off"),
        lookup_added=("look", "a table of codes that was not there"),
        lookup_removed=("risky", "a table of codes is gone"),
        lookup_entry_added=("look", "a code means something that meant nothing"),
        lookup_entry_removed=("risky", "a code means nothing any more"),
        lookup_entry_changed=("risky", "a code means something else"),
        lookup_changed=("risky", "codes are compared, or what is not there is given, otherwise"),
    ),
    *_kinds(
        "Entities",
        entity_added=("look", "an entity that was not there"),
        entity_removed=("risky", "an entity is gone"),
        entity_field_added=("look", "an entity has a field that it had not"),
        entity_field_removed=("risky", "an entity has a field no more"),
        type_changed=("risky", "a field holds another type of value"),
        required_added=("risky", "rows without the field are held back that went out"),
        required_dropped=("risky", "rows without the field go out that were held back"),
        values_changed=("risky", "an enumeration has other values"),
        rule_changed=("risky", "another rule decides whether a value is good"),
        unique_added=("risky", "rows that are alike are held back, or told"),
        unique_removed=("risky", "rows that are alike are let through"),
        unique_changed=("risky", "rows that are alike are found otherwise"),
        reference_changed=("risky", "a field points to another entity"),
        pii_tag_changed=("risky", "a field counts as another kind of personal data, or as none"),
        key_changed=("risky", "rows are told apart by another field"),
        order_changed=("harmless", "rows are written in another order"),
    ),
    *_kinds(
        "Haplo",
        binding_added=("look", "an entity gets into Haplo"),
        binding_removed=("risky", "an entity gets into Haplo no more"),
        instruction_added=("look", "an attribute is filled that was not"),
        instruction_removed=("risky", "an attribute is filled no more; Haplo keeps what it has"),
        instruction_changed=("risky", "an attribute is filled otherwise"),
        instruction_renamed=("risky", "the same value goes to another attribute; the old one keeps what it has"),
        removed_changed=("risky", "what is done to the object of a row that is gone (removed) is another thing"),
        destination_changed=("risky", "rows become objects of another model or type, or are found again otherwise"),
        application_changed=("look", "the receiving application is described otherwise"),
    ),
    *_kinds(
        "Settings and schools",
        setting_added=("harmless", "a setting that was not there"),
        setting_removed=("risky", "a setting is gone"),
        setting_default_changed=("risky", "schools that do not set it get another value"),
        setting_type_changed=("risky", "a setting holds another type of value"),
        setting_changed=("look", "a setting takes other values"),
        school_added=("look", "a school that was not there"),
        school_removed=("risky", "a school is gone"),
        school_setting_changed=("risky", "a school has set something otherwise"),
        override_changed=("risky", "a school maps something otherwise than everybody else"),
        entities_changed=("risky", "other entities of a school are made and sent"),
        delivery_changed=("risky", "a school's data go elsewhere, or otherwise"),
        guards_changed=("risky", "a run of a school is stopped sooner, or later"),
        school_changed=("look", "a school file says something else otherwise"),
    ),
    *_kinds(
        "Sources",
        source_added=("look", "a source that was not there"),
        source_removed=("risky", "a source is gone"),
        endpoint_added=("harmless", "an endpoint is declared; nothing is asked of it until something is made of it"),
        endpoint_removed=("look", "an endpoint is declared no more"),
        endpoint_changed=("look", "an endpoint's answers are taken otherwise"),
        set_added=("harmless", "a record set is declared"),
        set_removed=("look", "a record set is declared no more"),
        set_changed=("risky", "the records of a set stand elsewhere, or are told apart otherwise"),
        source_field_added=("harmless", "a field of a record set is declared"),
        source_field_removed=("look", "a field of a record set is declared no more"),
        source_field_changed=("risky", "a field of a record set is read otherwise"),
        formats_changed=("risky", "values on the wire are read otherwise"),
        request_changed=("risky", "an endpoint is asked otherwise"),
        paging_changed=("risky", "answers are paged otherwise"),
        changes_changed=("risky", "what has changed is asked for otherwise"),
        auth_changed=("risky", "the source is told otherwise who asks"),
        rates_changed=("look", "more or less may be asked at one time, or again"),
        errors_changed=("risky", "other answers count as failure"),
        consent_changed=("risky", "it is found out otherwise what a school has granted"),
        scope_changed=("risky", "another consent opens a field or a set"),
        config_changed=("look", "a school file gives other things for a source"),
        source_changed=("look", "a source says something else otherwise"),
    ),
    *_kinds(
        "What is asked of schools",
        requests_added=("risky", "an endpoint is asked that was not"),
        requests_removed=("look", "an endpoint is asked no more"),
        asked_added=("look", "a field is asked for that was not"),
        asked_removed=("harmless", "a field is asked for no more"),
        scopes_added=("risky", "a consent is needed that was not"),
        scopes_removed=("harmless", "a consent is needed no more"),
        pii_added=("risky", "personal data get to Haplo that did not"),
        pii_moved=("look", "personal data that got to Haplo get to another attribute"),
        pii_removed=("look", "personal data get to Haplo no more"),
    ),
    *_kinds(
        "What it does to data",
        rows_gained=("look", "rows go out that did not"),
        rows_lost=("risky", "rows go out no more"),
        cells_changed=("risky", "fields of rows have other values"),
        quarantine_added=("risky", "records are held back that were not"),
        quarantine_removed=("look", "records are held back no more"),
        filtered_added=("risky", "a rule leaves out records that it let through"),
        filtered_removed=("look", "a rule lets records through that it left out"),
        merged_changed=("risky", "other records become one row"),
        withheld_changed=("risky", "other values are left out of rows that go out, or are told of"),
        objects_gained=("look", "objects are made in Haplo that were not"),
        objects_lost=("risky", "objects are not made in Haplo any more"),
        attributes_changed=("risky", "objects in Haplo have other values"),
        gone_changed=("risky", "objects of rows that are gone are left otherwise"),
        messages_added=("risky", "Haplo says what it did not say"),
        messages_removed=("look", "Haplo says something no more"),
        data_failed=("risky", "an entity can not be made of these data any more"),
        data_mended=("look", "an entity can be made of these data that could not"),
    ),
)
KINDS: Final[Mapping[str, Kind]] = MappingProxyType({kind.name: kind for kind in _ALL})


def failing(names: Iterable[str]) -> frozenset[str]:
    """Return the kinds that names stand for: each is a kind, or a weight and then all of it."""
    found: set[str] = set()
    for name in names:
        if name in WEIGHTS:
            found |= {kind.name for kind in KINDS.values() if kind.weight == name}
        elif name in KINDS:
            found.add(name)
        else:
            fix = did_you_mean(name, [*KINDS, *WEIGHTS]) or "'haplomap review --kinds' lists them"
            raise UnknownKindError(f"there is no kind of finding '{name}'", fix=fix)
    return frozenset(found)
