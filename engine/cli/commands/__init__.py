"""One command a file: `command` is what `cli/main` takes from it."""
