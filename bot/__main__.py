"""`python -m bot`: the same as the command `octopod`."""

from bot.cli import main

main()
