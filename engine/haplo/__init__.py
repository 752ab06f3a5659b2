"""What Haplo does with a control file and its data files, done here.

Stands on the standard library and `engine.errors`; knows nothing of sources, mappings or runs.
Facts come from the reference of Haplo's data import; comments here say where a surprise comes from.

    application  what the receiving application has: attributes, types, qualifiers, objects, users
    models       which destinations and names a control file may use
    control      the check of a control file, before anything else happens
    interpret    records in, committed objects, errors and counts out

Next: `application`, then `interpret`.
"""
