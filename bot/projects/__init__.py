"""octopod.yaml: which engine, which projects. `load_projects` reads and checks it, once at the start."""

from bot.projects.load import Configuration, load_projects

__all__ = ["Configuration", "load_projects"]
