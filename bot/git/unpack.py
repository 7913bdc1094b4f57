"""Writes the tar stream of `git archive` into a folder that nothing of it can leave. Blocking: runs in a thread.

Git makes folders, files and symbolic links only. Links are made last, when nothing is written through them any more.
"""

import errno
import os
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from bot.domain.errors import PermanentError, TemporaryError

MEGABYTE = 1 << 20


def unpack(stream: BinaryIO, folder: Path, most_bytes: int, most_files: int) -> None:
    """Empties `folder` first. Raises PermanentError for what a branch must not hold, TemporaryError for the disk."""
    try:
        _empty(folder)
        links = _files(stream, folder, most_bytes, most_files)
        _links(links, folder)
    except tarfile.FilterError as error:
        raise PermanentError(f"The branch holds a file that can't be written safely: {error}") from error
    except tarfile.TarError as error:
        raise TemporaryError(f"Git's archive broke off: {error}") from error
    except OSError as error:
        raise _disk_failure(error) from error


def _empty(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _files(stream: BinaryIO, folder: Path, most_bytes: int, most_files: int) -> list[tarfile.TarInfo]:
    """Writes folders and files; the links among the members are handed back."""
    links: list[tarfile.TarInfo] = []
    size = count = 0
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            count += 1
            size += member.size
            _limit(size, count, most_bytes, most_files)
            if member.issym():
                links.append(member)
            else:
                archive.extract(member, folder, filter="data")
    while stream.read(MEGABYTE):  # an unread rest would end git by SIGPIPE
        pass
    return links


def _limit(size: int, count: int, most_bytes: int, most_files: int) -> None:
    if size > most_bytes:
        text = f"The branch's files are larger than {most_bytes // MEGABYTE} MB together."
        raise PermanentError(text, next_step="Keep large data out of the repository, then deploy again.")
    if count > most_files:
        raise PermanentError(f"The branch holds more than {most_files} files.")


def _links(links: Sequence[tarfile.TarInfo], folder: Path) -> None:
    root = Path(os.path.realpath(folder))
    for link in links:
        path = root / link.name
        if not _within(path.parent, root):
            raise _leaves(link)
        path.symlink_to(link.linkname)
    # Only now: a chain of links can leave the tree although each of them seems to stay inside.
    for link in links:
        if Path(link.linkname).is_absolute() or not _stays(root / link.name, root):
            raise _leaves(link)


def _stays(path: Path, root: Path) -> bool:
    if not _within(path, root):
        return False
    try:
        os.path.realpath(path, strict=True)
    except OSError as error:
        # A link to nothing, or in a circle, leads nowhere. A path too long to be followed hides where it leads.
        return error.errno in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR)
    return True


def _within(path: Path, root: Path) -> bool:
    """Follows links as far as they lead; unlike Path.resolve it does not stumble over circles."""
    return Path(os.path.realpath(path)).is_relative_to(root)


def _leaves(link: tarfile.TarInfo) -> PermanentError:
    text = f"The link {link.name} of the branch leads out of its files, to {link.linkname}."
    return PermanentError(text, next_step="Remove the link or let it point inside the repository, then deploy again.")


def _disk_failure(error: OSError) -> PermanentError | TemporaryError:
    reason = error.strerror or str(error)
    if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EINVAL):
        return PermanentError(f"The branch holds a file that can't be written here: {reason}")
    return TemporaryError(f"The branch's files can't be written: {reason}")
