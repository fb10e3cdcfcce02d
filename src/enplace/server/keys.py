"""API keys: kept as hashes, compared in constant time; the key decides whose memory it is."""

import hashlib
import hmac
from collections.abc import Mapping

from enplace.errors import EnplaceError


class InvalidKey(EnplaceError):
    """The key is missing or wrong: send it in the X-Engine-Key header."""

    code = "INVALID_KEY"


def hash_key(key: str) -> str:
    """What is kept of a key: SHA-256, hex. Keys are long and random, so no salt is needed."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class Keys:
    """Who may come in.

    Args:
        owners: Owner by hash of the key.
    """

    def __init__(self, owners: Mapping[str, str]) -> None:
        self._owners = dict(owners)

    def owner_of(self, key: str | None) -> str:
        """Whose key it is. Takes the same time for every wrong key.

        Raises:
            InvalidKey: Nobody's.
        """
        offered = hash_key(key or "")
        found = [o for known, o in self._owners.items() if hmac.compare_digest(known, offered)]
        if not key or not found:
            raise InvalidKey
        return found[0]
