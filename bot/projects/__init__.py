"""octopod.yaml: which engine, which projects. `load_projects` reads it, `Projects` are those that count now."""

from bot.projects.live import Projects
from bot.projects.load import Configuration, load_projects

__all__ = ["Configuration", "Projects", "load_projects"]
