"""`python -m engine` is `haplomap`."""

from engine.cli.main import main

if __name__ == "__main__":
    main()
