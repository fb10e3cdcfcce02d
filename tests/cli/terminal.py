"""The command `enplace` as people run it: in a process of its own, with a home of its own."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import forks

from enplace.config import Settings
from enplace.providers import weights

PROGRAM = Path(sys.executable).with_name("enplace")
SETTINGS = (
    "LLM_",
    "EMBEDDING_",
    "ENPLACE_",
    "ENGINE_",
    "LEARNING_",
    "MAX_TOKENS",
    "ALLOWED_",
    "SHELL_",
    "CATALOG_",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output as one JSON value."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Runs commands in one home."""

    home: Path

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """That of this process, but for the settings of enplace; recall is by words unless told."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
        own = {"ENPLACE_HOME": str(self.home), "EMBEDDING_PROVIDER": "none"}
        return {**kept, **own, **settings}

    def run(self, *words: str, **settings: str) -> Done:
        """Run a command; settings are environment variables."""
        done = forks.run(PROGRAM, *words, environment=self.environment(settings))
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def share_weights(self) -> None:
        """Let this home use the weights that were fetched for everybody."""
        models = weights.SMOLLM2.find_or_pull(Settings.from_env({}).home).parent
        (self.home / "models").symlink_to(models, target_is_directory=True)
