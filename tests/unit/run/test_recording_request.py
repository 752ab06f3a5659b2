"""How a request is written down: nothing that differs from school to school, but what a template reckons with."""

from __future__ import annotations

from datetime import date

from engine.run.recording_request import request_of
from engine.spec.source import Source
from engine.stages.want import Want

SOURCE = Source.model_validate(
    {
        "source": "s",
        "config": {"base_url": {"type": "url"}, "team": {}, "back": {}},
        "apis": {"main": {"base_url": "{{ config.base_url }}", "auth": {"kind": "none"}}},
        "endpoints": {
            "things": {
                "get": "teams/{{ config.team }}/{{ run.today | days(config.back) | date('%Y-%m-%d') }}",
                "sets": {"things": {"records": "$.things", "fields": {"id": {}}}},
            }
        },
    }
)


def test_of_the_config_only_the_text_that_a_template_reckons_with_is_told() -> None:
    config = {"base_url": "https://east.example", "team": "east-3304321", "back": "-2"}
    asked = request_of(
        SOURCE, Want("things", {"things": None}, names={"run": {"today": date(2026, 3, 2)}}), config, 1, {}
    )
    assert asked.path == "teams/*/2026-02-28"
