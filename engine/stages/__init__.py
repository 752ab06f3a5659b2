"""The stages of a run: one file each, none imports another. Next: `stages/extract`."""
