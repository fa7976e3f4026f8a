"""HTTP/1.1 with connections kept open, and nothing that a rating does not need.

Hundreds of short requests a second leave little time for each: a general client spends more on one
than a fast server does. No proxies, redirects or cookies: a key goes where it was meant to go.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from weakref import WeakSet

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class BrokenConnection(Exception):
    """The connection failed, or what came back is not HTTP."""


@dataclass(frozen=True)
class Reply:
    """Status, headers by lower-case name, and the whole body."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Wire:
    """Connections to one server, opened as needed and used again.

    **Arguments:**

    - `base_url`: `http://` or `https://`, with a path that every request begins with.
    """

    def __init__(self, base_url: str):
        parts = urlsplit(base_url)
        self._host = parts.hostname or ""
        self._secure = parts.scheme == "https"
        self._port = parts.port or (443 if self._secure else 80)
        self._prefix = parts.path.rstrip("/")
        self._named = parts.netloc
        self._idle: list[Streams] = []
        self._closing: WeakSet[asyncio.StreamWriter] = WeakSet()
        self._context = ssl.create_default_context() if self._secure else None

    async def request(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Reply:
        """The reply to one request; bound its time from outside.

        **Raises:** `BrokenConnection` for anything but a whole reply.
        """
        streams: Streams | None = None
        try:
            streams = self._idle_one() or await asyncio.open_connection(
                self._host, self._port, ssl=self._context
            )
            reader, writer = streams
            writer.write(self._head(method, path, len(body), headers) + body)
            await writer.drain()
            reply, keep = await _read(reader, method)
        except (OSError, EOFError, ValueError, IndexError, asyncio.LimitOverrunError) as error:
            self._close(streams)
            raise BrokenConnection(type(error).__name__) from None
        except BaseException:
            self._close(streams)
            raise
        if keep:
            self._idle.append(streams)
        else:
            self._close(streams)
        return reply

    async def close(self) -> None:
        """Close what is idle, and let what was closed before come to its end."""
        while self._idle:
            self._close(self._idle.pop())
        ends = [writer.wait_closed() for writer in self._closing]
        await asyncio.gather(*ends, return_exceptions=True)
        self._closing.clear()

    def _close(self, streams: Streams | None) -> None:
        if streams is not None:
            streams[1].close()
            self._closing.add(streams[1])

    def _idle_one(self) -> Streams | None:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            self._close((reader, writer))
        return None

    def _head(self, method: str, path: str, length: int, headers: Mapping[str, str]) -> bytes:
        lines = [f"{method} {self._prefix}{path} HTTP/1.1", f"Host: {self._named}"]
        lines += ["Accept: application/json", "User-Agent: incentax"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if method == "POST":
            lines += ["Content-Type: application/json", f"Content-Length: {length}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _read(reader: asyncio.StreamReader, method: str) -> tuple[Reply, bool]:
    """The reply, and whether the connection may be used again."""
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        version, status = head[0].split(" ", 2)[:2]
        if not version.startswith("HTTP/1."):
            raise ValueError("not HTTP/1")
        # Interim replies announce the real one.
        if not 100 <= int(status) < 200:
            break
    fields = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    keep = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    if "chunked" in headers.get("transfer-encoding", "").lower():
        content = await _chunks(reader)
    elif "content-length" in headers:
        content = await reader.readexactly(int(headers["content-length"]))
    else:
        content, keep = await reader.read(), False
    return Reply(int(status), headers, content), keep


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while True:
        size = int((await reader.readline()).split(b";")[0], 16)
        if not size:
            break
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        pass  # trailers
    return b"".join(parts)
