"""Configuration: bff.yaml, checked before anything runs. Nobody reads YAML or the environment later."""

from bff.config.load import load
from bff.config.problems import ConfigError, Problem
from bff.config.schema import json_schema
from bff.config.settings import Settings

__all__ = ["ConfigError", "Problem", "Settings", "json_schema", "load"]
