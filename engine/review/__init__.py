"""What documents mean, beside what they say: where values flow, what a change of them does, pages to read it on.

Stands on `run`; nothing but `cli` imports it.
"""
