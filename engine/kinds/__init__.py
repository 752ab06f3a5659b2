"""The words of the language: one frozen class each, whose fields are the YAML keys.

A new word touches one file here. May import pydantic, `errors`, `template`; nothing above.
Next: `kinds/word`.
"""
