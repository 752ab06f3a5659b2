"""A small project of its own, all of whose flows can be written down by hand; some of its texts are hostile."""

from __future__ import annotations

from pathlib import Path

HOSTILE = "<script>document.title = 'taken'</script> \"'&"
"""What would do harm if a page took it for more than text."""

SOURCE = """\
source: orchard
title: Orchard & Sons
config:
  base_url: {type: url, default: https://orchard.example}
  key: {type: secret, description: "asked for at the office <b>only</b>"}
apis:
  main:
    base_url: '{{ config.base_url }}'
    auth: {kind: header, header: {name: X-Key, value: '{{ config.key }}'}}
endpoints:
  people:
    get: people
    sets:
      people:
        records: $.people
        key: id
        fields:
          id: {pii: identifier}
          name: {pii: name, note: "<script>document.title = 'taken'</script> \\"'&"}
          nick: {pii: name, scope: Names}
          colour: {}
          born: {type: date, pii: birth}
          shoe: {type: integer, pii: status}
      homes:
        records: $.homes
        scope: Homes
        fields:
          person: {}
          town: {pii: address}
          main: {type: boolean}
      phones:
        records: $.phones
        fields:
          person: {pii: identifier}
          number: {pii: contact}
          kind: {}
          rank: {type: integer}
"""

SCHEMA = """\
schema: member
title: Member
description: "Somebody <script>document.title = 'taken'</script>"
fields:
  source_id: {required: true, pii: identifier, description: the key}
  name: {pii: name, description: "<script>document.title = 'taken'</script> \\"'&"}
  colour: {type: enum, values: [red, blue, other], description: what they wear}
  town: {pii: address}
  phones: {type: list, of: {type: record, fields: {number: {}, kind: {pii: contact}}}, pii: contact}
  greeting: {}
"""

MAPPING = """\
mapping: member
source: orchard
tables:
  named:
    from: people
    where: [{rule: has-name, field: name, present: true}]
    fields:
      shown: {first_of: [nick, name], clean: squeeze}
  called:
    from: phones
    where: [{rule: kinds, field: kind, in: {setting: members.kinds}}]
from: named
join:
  home: {set: homes, by: {person: id}, where: {main: true}, keep: first, order: [town]}
where:
  - {rule: born, sql: born > DATE '1900-01-01'}
known_by:
  birth: born
fields:
  source_id: id
  name: shown
  colour: {from: colour, lookup: colours, default: other}
  town: home.town
  phones:
    collect: called
    by: {person: id}
    order: [rank]
    fields: {number: number, kind: {case: kind, map: {m: mobile}, else: kind}}
  greeting: {sql: "settings.members.greeting || ' ' || shown || run.title"}
"""

BINDING = """\
binding: member
model: TYPE:x:type:member
destination: object
names:
  dc:attribute:title: name
  x:attribute:town: {from: town, clear: true}
  x:attribute:colour: {from: colour, map: {red: Red, blue: Blue, other: "<i>Other</i>"}}
  x:attribute:number: {from: phones, part: number}
  x:attribute:status: {value: present}
removed:
  set: {x:attribute:status: gone}
  unless: members.stay
"""

SETTINGS = """\
settings: orchard
groups:
  members:
    kinds: {type: texts, default: null, description: "<script>document.title = 'taken'</script> which kinds are sent"}
    greeting: {type: text, default: Hello, description: how they are greeted}
    stay: {type: boolean, default: false, description: whether they stay}
"""

LOOKUP = """\
lookup: colours
description: colours as <b>they</b> write them
values: {r: red, b: blue}
fold_case: true
"""

DOCUMENTS = {
    "mappings/orchard/source.yaml": SOURCE,
    "mappings/orchard/member.yaml": MAPPING,
    "mappings/orchard/lookups/colours.yaml": LOOKUP,
    "schemas/member.yaml": SCHEMA,
    "schemas/haplo/member.yaml": BINDING,
    "schemas/settings.yaml": SETTINGS,
}


def write(folder: Path, **changed: str) -> Path:
    """Write the documents below a folder, some of them otherwise: by the last part of their names."""
    for name, text in DOCUMENTS.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(changed.get(file.stem, text), encoding="utf-8")
    return folder
