"""Bodies of HTTP answers, of which no more is read than is wanted."""

import aiohttp


async def beginning(answer: aiohttp.ClientResponse, most: int) -> tuple[bytes, bool]:
    """At most so many bytes of it, and whether that is all. Where none are wanted, nothing is read."""
    body = bytearray()
    while most and len(body) <= most and (chunk := await answer.content.read(most + 1 - len(body))):
        body += chunk
    return bytes(body[:most]), len(body) <= most


async def whole(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """Raises ValueError if it has more bytes than these."""
    body, is_all = await beginning(answer, most)
    if not is_all:
        raise ValueError("it says too much")
    return body
