"""Replies of every legal form are read whole; anything else is a broken connection."""

import asyncio

import pytest

from incentax.users.backends.patience import asked_wait
from incentax.users.backends.wire import BrokenConnection, Wire

WHOLE = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;x=1\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n",
    "interim": b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nCONTENT-LENGTH: 5\r\n\r\nhello",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello",
    "to the end": b"HTTP/1.1 200 OK\r\n\r\nhello",
    "old": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "last": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
}
KEPT = ("length", "chunks", "interim", "no reason")
BROKEN = {
    "nothing": b"",
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "another protocol": b"SSH-2.0-OpenSSH\r\n\r\n",
    "no number": b"HTTP/1.1 fine\r\n\r\n",
    "no length": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhello",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello",
    "endless head": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
}


def talk(answer, num=2):
    """`num` requests to a server that gives one answer to each; replies and connections opened."""
    opened, tasks = [], []

    async def serve(reader, writer):
        opened.append(1)
        tasks.append(asyncio.current_task())
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer)
                await writer.drain()
                if answer not in [WHOLE[name] for name in KEPT]:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        wire = Wire(f"http://127.0.0.1:{port}/v1")
        try:
            return [await wire.request("GET", "/models", b"", {}) for _ in range(num)]
        finally:
            await wire.close()
            server.close()
            await asyncio.gather(*tasks)

    return asyncio.run(main()), len(opened)


@pytest.mark.parametrize("form", WHOLE)
def test_every_form_of_reply_is_read_whole(form):
    replies, opened = talk(WHOLE[form])
    assert [(r.status, r.content) for r in replies] == [(200, b"hello")] * 2
    assert opened == (1 if form in KEPT else 2)


@pytest.mark.parametrize("form", BROKEN)
def test_anything_else_is_a_broken_connection(form):
    with pytest.raises(BrokenConnection):
        talk(BROKEN[form], 1)


def test_nobody_there_is_a_broken_connection():
    with pytest.raises(BrokenConnection, match="ConnectionRefusedError"):
        asyncio.run(Wire("http://127.0.0.1:9/v1").request("GET", "/models", b"", {}))


@pytest.mark.parametrize(
    "line, seconds",
    [
        (b"Retry-After: 7\r\n", 7.0),
        (b"retry-after: 0.5\r\n", 0.5),
        (b"RETRY-AFTER: Wed, 21 Oct 2026 07:28:00 GMT\r\n", None),
        (b"", None),
    ],
)
def test_a_wait_that_a_server_asks_for_is_heard(line, seconds):
    answer = b"HTTP/1.1 429 Too Many\r\nConnection: close\r\n" + line + b"Content-Length: 0\r\n\r\n"
    replies, _ = talk(answer, 1)
    assert asked_wait(replies[0].headers) == seconds
