"""The subcommands. A command is one function; `bff.cli.main` lists them."""
