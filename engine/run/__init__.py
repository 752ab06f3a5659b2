"""One school's run: planned, carried out step by step, resumed where it stopped, reported.

May import `stages/` and what stands below. Next: `run/plan`.
"""
