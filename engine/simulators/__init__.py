"""Stand-ins for the systems we talk to: real HTTP servers on loopback, the same from a seed every time.

The only folder of the engine that names systems. Nothing else imports it, and it imports the standard library only,
so that a simulator can never agree with the engine by sharing its code. One exception: what Haplo does with a control
file is `engine.haplo`'s to know, which Haplo's own results judge; `importing` stands on it.

    python -m engine.simulators xporter --pupils 1000
    with XporterSimulator(pupils=1000, seed=1, faults=[...]) as sim: ...

Next: `message`, `fault`, `http`; then the systems: `xporter`, `haplo`, `replay`.
"""
