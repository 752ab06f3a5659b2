"""The command line: reads arguments, calls `run/` and `spec/`, shows what comes of it. Decides nothing.

One file a command, imported when that command is given, so that `haplomap --help` is there at once.
Next: `cli/main`.
"""
