"""Members of a compressed archive, found by basename and read within limits."""

import io
import lzma
import tarfile
import zlib
from collections.abc import Collection

from collectors.document import looks_like_html
from collectors.errors import PayloadChanged, PayloadTooLarge

MAX_MEMBER = 256 << 20
MAX_UNPACKED = 8 << 30


def members(source: str, body: bytes, wanted: Collection[str]) -> dict[str, bytes]:
    """Return the wanted members of a tar archive (plain, gzip, bzip2 or xz) by basename.

    The archive is read as a stream and never written to disk. Raises PayloadChanged for what is no
    archive, PayloadTooLarge for a member over 256 MB or an archive that unpacks to over 8 GB.
    """
    if not body.strip() or looks_like_html(body):
        raise PayloadChanged(source, "body", "a tar archive")
    found: dict[str, bytes] = {}
    unpacked = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(body), mode="r|*") as archive:
            for member in archive:
                unpacked += member.size
                if unpacked > MAX_UNPACKED:
                    raise PayloadTooLarge(source, "archive", f"at most {MAX_UNPACKED} bytes")
                name = member.name.rsplit("/", 1)[-1]
                if not member.isfile() or name not in wanted or name in found:
                    continue
                if member.size > MAX_MEMBER:
                    raise PayloadTooLarge(source, name, f"at most {MAX_MEMBER} bytes")
                file = archive.extractfile(member)
                if file is not None:
                    found[name] = file.read()
                if len(found) == len(wanted):
                    break
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise PayloadChanged(source, "archive", f"a tar archive ({str(error)[:200]})") from error
    return found
