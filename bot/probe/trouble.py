"""Why nothing came back, in words."""

import errno
import os
import socket

import aiohttp

# What the bot itself lacks, which says nothing of whoever is asked.
OWN = {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOBUFS,
    errno.ENOMEM,
    errno.EADDRNOTAVAIL,
    errno.ENETDOWN,
    errno.ENETUNREACH,
}


def plainly(error: Exception, host: str = "") -> str:
    """`host`: who was asked, for errors that do not know."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return _unknown(error.host, error.os_error)
        case aiohttp.ClientConnectorCertificateError():
            return f"its certificate is no good: {_of_certificate(error.certificate_error)}"
        case aiohttp.ClientConnectorSSLError():
            return f"it speaks no TLS that the bot understands ({_of_tls(error.os_error)})"
        case aiohttp.ClientConnectorError():
            return _of_connection(error.os_error)
        case aiohttp.ClientConnectionError() | ConnectionResetError() | BrokenPipeError():
            return "it hung up before it had answered"
        case socket.gaierror():
            return _unknown(host, error)
        case OSError():
            return _of_connection(error)
        case _:
            return "what it answers is no HTTP"


def is_own(error: BaseException) -> bool:
    """Whether it is the bot's own trouble."""
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(inner, socket.gaierror):
        return inner.errno in (socket.EAI_SYSTEM, socket.EAI_MEMORY)
    return isinstance(inner, OSError) and inner.errno in OWN


def _unknown(host: str, error: OSError) -> str:
    name = f"`{host}`" if host else "it"
    if not isinstance(error, socket.gaierror):
        return _of_connection(error)
    if error.errno == socket.EAI_AGAIN:
        return f"no DNS server says where {name} is"
    return f"its host is unknown: DNS has no {name}" if host else "its host is unknown"


def _of_connection(error: OSError) -> str:
    if error.errno == errno.ECONNREFUSED:
        return "nothing listens there"
    return os.strerror(error.errno) if error.errno else "no connection could be made"


def _of_certificate(error: Exception) -> str:
    return str(getattr(error, "verify_message", "")) or str(error)


def _of_tls(error: OSError) -> str:
    """OpenSSL's own word for it, such as "wrong version number" where there is no TLS at all."""
    return str(getattr(error, "reason", "") or "the handshake failed").replace("_", " ").lower()
