"""Haplo's side: control files and what they mean, done here as Haplo does it.

`interpret` and all it uses stand on the standard library and `engine.errors` only, and know nothing of sources,
mappings or runs. Facts come from the reference of Haplo's data import and from its conformance cases; comments say
where a surprise comes from.

    application  what the receiving application has: attributes, types, qualifiers, objects, users
    models       which destinations and names a control file may use
    control      the check of a control file, before anything else happens
    interpret    records in, committed objects, errors and counts out

Next: `application`, then `interpret`.
"""
