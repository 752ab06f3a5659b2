"""haplomap: moves a school's data into Haplo, as YAML documents say.

Start with `errors`, then `document`, one file of `kinds/`, `spec/source`, `run/plan`.
"""

__version__ = "0.1.0"
