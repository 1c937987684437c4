"""Configuration: bff.yaml, checked before anything runs. Nobody reads YAML or the environment later."""

from bff.config.load import load
from bff.config.mode import Mode
from bff.config.notes import list_notes
from bff.config.problems import ConfigError, Problem
from bff.config.schema import json_schema
from bff.config.secrets import find_secrets
from bff.config.settings import Settings

__all__ = ["ConfigError", "Mode", "Problem", "Settings", "find_secrets", "json_schema", "list_notes", "load"]
