"""Templates: names are known or an error, nothing but data is reached, secrets show only when asked for."""

import subprocess
import sys

import pytest

from engine.secret import Secret
from engine.template import Template, TemplateProblem

CONTEXT = {
    "config": {"estab": 3281101, "key": Secret("s/e"), "items": "of ours", "none": None, "on": True},
    "list": ["a", 2],
    "name": "7E1",
    "null": None,
}


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("plain {# text", set(), "plain {# text"),
        ("School/{{ config.estab }}/", {"config.estab"}, "School/3281101/"),
        ("{{ config['estab'] }}", {"config.estab"}, "3281101"),
        ("{{ name }}\n", {"name"}, "7E1\n"),
        ("{# kept #}{{ name }}", {"name"}, "{# kept #}7E1"),
        ("{{ config.items }}", {"config.items"}, "of ours"),
        ("{{ config.on }}", {"config.on"}, "true"),
        ("{{ gone | default('x') }}{{ null | default('y') }}", {"gone", "null"}, "xy"),
        ("{{ config.gone | default('x') }}", {"config.gone"}, "x"),
        ("{{ list | join(',') }}", {"list"}, "a,2"),
        ("{{ list[1] }}", {"list"}, "2"),
        ("{{ list | tojson }}", {"list"}, '["a", 2]'),
        ("{{ 'a b/é' | urlencode }}", set(), "a%20b%2F%C3%A9"),
        (
            "{{ name | lower }} {{ name | upper | replace('E', '-') }} {{ ' x ' | trim }}",
            {"name"},
            "7e1 7-1 x",
        ),
        ("{% for each in list %}{{ loop.index }}{{ each }} {% endfor %}", {"list"}, "1a 22 "),
        ("{% if name == '7E1' %}yes{% else %}no{% endif %}", {"name"}, "yes"),
        ("{{ 'a' if gone is defined else 'b' }}", {"gone"}, "b"),
    ],
)
def test_templates_give_text(text, names, expected):
    template = Template.parse(text)
    assert template.names == names
    assert template.render(CONTEXT) == expected


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("{{ gone }}", "the name 'gone' has no value here", 1),
        ("a\n{{ config.gone }}", "the name 'config.gone' has no value here", 2),
        ("{{ gone.deep.er }}", "the name 'gone.deep.er' has no value here", 1),
        ("{{ name.upper }}", "the name 'name.upper' has no value here", 1),
        ("{{ config[name] }}", "a key or an index is not there", 1),
        ("{{ list[9] }}", "a key or an index is not there", 1),
        ("{{ null }}", "a template gives null; add `| default('...')`", 1),
        ("{{ name - 1 }}", "the template cannot be filled in (TypeError)", 1),
    ],
)
def test_what_has_no_value_is_named_without_values(text, message, line):
    template = Template.parse(text)
    with pytest.raises(TemplateProblem) as caught:
        template.render(CONTEXT)
    assert (caught.value.message, caught.value.line) == (message, line)


@pytest.mark.parametrize(
    ("text", "part", "line"),
    [
        ("{{ a", "the template is wrong: ", 1),
        ("\n{{ a b }}", "the template is wrong: ", 2),
        ("{{ a | shout }}", "shout", 1),
        ("{{ a is odd }}", "odd", 1),
        ("{{ a() }}", "a call is not allowed", 1),
        ("{{ a.__class__ }}", "begins with '_'", 1),
        ("{{ ''.__class__ }}", "begins with '_'", 1),
        ("{{ a['_b'] }}", "begins with '_'", 1),
        ("{{ _a }}", "begins with '_'", 1),
        ("{% include 'x' %}", "'include' is not allowed", 1),
        ("{% import 'x' as y %}", "'import' is not allowed", 1),
        ("{% extends 'x' %}", "'extends' is not allowed", 1),
        ("{% set a = 1 %}", "'set' is not allowed", 1),
        ("\n{{ 'x' * 999999999 }}", "'mul' is not allowed", 2),
    ],
)
def test_what_is_not_allowed_is_found_when_read(text, part, line):
    with pytest.raises(TemplateProblem) as caught:
        Template.parse(text)
    assert part in caught.value.message
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "hidden", "revealed"),
    [
        ("Key {{ config.key }}", "Key ***", "Key s/e"),
        ("{{ config.key | urlencode }}", "***", "s%2Fe"),
        ("{{ 'x' ~ config.key }}", "x***", "xs/e"),
        ("{{ [config.key] | tojson }}", '["***"]', '["s/e"]'),
        ("{{ [config.key] | join }}", "***", "s/e"),
    ],
)
def test_secrets_show_only_when_revealed(text, hidden, revealed):
    template = Template.parse(text)
    assert template.render(CONTEXT) == hidden
    assert template.render(CONTEXT, reveal=True) == revealed


def test_templates_are_equal_by_text():
    assert Template.parse("{{ a }}") == Template.parse("{{ a }}")
    assert len({Template.parse("{{ a }}"), Template.parse("{{ a }}")}) == 1


def test_plain_text_does_not_cost_an_import():
    code = "import sys; from engine.template import Template as T; T.parse('x'); print('jinja2' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
