"""The documents: what each holds, how they are found, loaded and checked.

May import `kinds/` and what stands below it. Next: `spec/source`.
"""
