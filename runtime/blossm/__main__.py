"""`python -m blossm` is `blossm`."""

from blossm.cli.main import main

if __name__ == "__main__":
    main()
