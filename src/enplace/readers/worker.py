"""The process in which foreign files are read: `python -m enplace.readers.worker MEMORY_BYTES`.

Requests come as lines of JSON on the standard input; answers go to the standard output, each its
length in four bytes and JSON. It ends with its input. What it reads may be hostile: memory is
limited for its whole life, processor time for each file, and whoever started it kills it when a
file takes too long.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from enplace.errors import UnreadableFile
from enplace.readers import foreign

try:
    import resource
except ImportError:  # a system without such limits: time alone is limited there
    resource = None

READY = bytes(4)
"""Told when it has started: an answer of no length."""
SPARE_CPU_S = 5
"""Seconds over the limit after which the system ends a process that nobody was left to kill."""


def main() -> None:
    """Answer requests until there are no more."""
    channel = os.dup(1)
    os.dup2(2, 1)  # what a library prints is no answer
    if resource is not None:
        most = int(sys.argv[1])
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _write(channel, READY)
    for line in sys.stdin.buffer:
        request: dict[str, Any] = json.loads(line)
        answer = json.dumps(_answer(request)).encode()
        _write(channel, len(answer).to_bytes(4, "big") + answer)


def _answer(request: dict[str, Any]) -> dict[str, str]:
    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = used.ru_utime + used.ru_stime
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        most = int(spent + request["seconds"] + SPARE_CPU_S)
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))
    try:
        content = Path(request["path"]).read_bytes()
        if len(content) > request["bytes"]:
            return {"refused": f"it is larger than {request['bytes']:,} bytes"}
        text = foreign.text_of(request["way"], content, request["characters"])
    except UnreadableFile as error:
        return {"refused": error.message}
    except MemoryError:
        return {"refused": "it needs more memory than reading a file may take"}
    except Exception as error:  # noqa: BLE001  whatever a library raises on a damaged file
        return {"refused": f"it is damaged: {type(error).__name__}: {error}"[:500]}
    return {"text": text, "digest": hashlib.sha256(content).hexdigest()}


def _write(channel: int, content: bytes) -> None:
    while content:
        content = content[os.write(channel, content) :]


if __name__ == "__main__":
    main()
