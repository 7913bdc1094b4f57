"""`octopod doctor`: everything that the bot needs, looked at from where it runs; a line each."""

from bot.doctor.report import Answer, line
from bot.doctor.rounds import examine

__all__ = ["Answer", "examine", "line"]
