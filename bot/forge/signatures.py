"""Whether a request comes from somebody who knows a secret. Compared in constant time, with every secret there is.

Several secrets are there while one takes the place of another.
"""

import hashlib
import hmac
from collections.abc import Sequence


def signed(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """`signature`: `sha256=HEX`, the HMAC of the raw body. Hosts sign bytes; the same JSON written anew is not the
    same."""
    given = _bytes(signature)
    right = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets]
    return any([hmac.compare_digest(given, f"sha256={one}".encode()) for one in right])


def known(token: str, secrets: Sequence[str]) -> bool:
    """Whether a secret itself was sent. Hashed first, so that not even their lengths can be told apart."""
    given = hashlib.sha256(_bytes(token)).digest()
    return any([hmac.compare_digest(given, hashlib.sha256(secret.encode()).digest()) for secret in secrets])


def bearer(authorization: str, secrets: Sequence[str]) -> bool:
    """By the header `Authorization: Bearer SECRET`."""
    scheme, _, token = authorization.partition(" ")
    return scheme.lower() == "bearer" and known(token.strip(), secrets)


def _bytes(header: str) -> bytes:
    """Headers that are no UTF-8 arrive with surrogates."""
    return header.encode("utf-8", "surrogatepass")
