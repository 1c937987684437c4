"""`python -m bff.cli` is the `bff` command."""

from bff.cli.main import main

main()
