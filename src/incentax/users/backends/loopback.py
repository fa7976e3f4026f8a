"""A small OpenAI-compatible server on loopback, over any function of prompts.

For tests, benchmarks and teaching: faults can be put in front of it, and it counts its answers.
"""

import asyncio
import json
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

Scorer = Callable[[Sequence[dict[str, Any]]], list[dict[str, float]]]
"""Request bodies in, probabilities of the next token by its text out."""


@dataclass(frozen=True)
class Faults:
    """Shares of requests that go wrong, drawn independently with a seed."""

    busy: float = 0.0  # 429 with Retry-After
    error: float = 0.0  # 500
    silent: float = 0.0  # no reply until the client gives up
    cut: float = 0.0  # connection closed in the middle
    truncated: float = 0.0  # half a JSON document
    prose: float = 0.0  # a refusal instead of a rating
    outside: float = 0.0  # a number that is not on the scale
    slow: float = 0.0  # one byte at a time
    seed: int = 0

    def draw(self, rng: random.Random) -> str:
        """The fault of the next request, "" for none."""
        u = rng.random()
        for name in ("busy", "error", "silent", "cut", "truncated", "prose", "outside", "slow"):
            u -= getattr(self, name)
            if u < 0:
                return name
        return ""


@dataclass(eq=False)
class LoopbackServer:
    """Serves `/v1/models`, `/v1/chat/completions` and `/v1/completions` from a thread.

    `served` counts, by the prompt's text, the answers that were sent in full and were ratings;
    `faults_sent` the faults by name. Requests waiting at the same time are scored as one batch.

    >>> with LoopbackServer(lambda bodies: [{"7": 1.0} for _ in bodies]) as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True
    """

    scorer: Scorer
    model: str = "tiny"
    faults: Faults = Faults()
    show_probabilities: bool = True
    batch_size: int = 64
    key: str = ""
    served: Counter = field(default_factory=Counter)
    faults_sent: Counter = field(default_factory=Counter)
    scored: int = 0
    seconds: float = 0.0  # spent inside the scorer
    port: int = 0  # chosen by the system on entry

    def __enter__(self) -> "LoopbackServer":
        self._loop = asyncio.new_event_loop()
        self._rng = random.Random(self.faults.seed)
        self._waiting: list[tuple[dict, asyncio.Future]] = []
        self._open: set[asyncio.Task] = set()
        self._more, self._stop = asyncio.Event(), asyncio.Event()
        started = threading.Event()

        async def serve() -> None:
            server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            scoring = asyncio.create_task(self._score())
            started.set()
            await self._stop.wait()
            server.close()
            for task in [scoring, *self._open]:
                task.cancel()
            await asyncio.gather(scoring, *self._open, return_exceptions=True)

        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=(serve(),), daemon=True
        )
        self._thread.start()
        started.wait()
        return self

    def __exit__(self, *_) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def _score(self) -> None:
        while True:
            await self._more.wait()
            # Let requests that are already on the wire join the batch.
            await asyncio.sleep(0)
            batch, self._waiting = (
                self._waiting[: self.batch_size],
                self._waiting[self.batch_size :],
            )
            if not self._waiting:
                self._more.clear()
            if not batch:
                continue
            start = time.perf_counter()
            bodies = [body for body, _ in batch]
            tables = await asyncio.to_thread(self.scorer, bodies)
            self.seconds += time.perf_counter() - start
            self.scored += len(batch)
            for (_, future), table in zip(batch, tables, strict=True):
                if not future.done():
                    future.set_result(table)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while await self._request(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            # The loop must not end before the socket has, nor wait for a client that does not read.
            with suppress(ConnectionError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 1)
            self._open.discard(task)

    async def _request(self, reader, writer) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        raw = await reader.readexactly(int(fields.get("content-length", 0)))
        path = head[0].split(" ")[1]
        if self.key and fields.get("authorization") != f"bearer {self.key}".lower():
            said = f"wrong key {fields.get('authorization', '')}"
            return await self._reply(writer, 401, {"error": said})
        if path.endswith("/models"):
            return await self._reply(writer, 200, {"data": [{"id": self.model}]})
        body = json.loads(raw)
        if body.get("model") != self.model:
            return await self._reply(writer, 404, {"error": f"no model {body.get('model')!r}"})
        fault = self.faults.draw(self._rng)
        if fault:
            self.faults_sent[fault] += 1
        if fault == "busy":
            return await self._reply(writer, 429, {"error": "busy"}, "Retry-After: 0\r\n")
        if fault == "error":
            return await self._reply(writer, 500, {"error": "boom"})
        if fault == "silent":
            await reader.read(1)  # returns when the client hangs up
            return False
        if fault in ("prose", "outside"):
            text = "I cannot rate" if fault == "prose" else "85"
            await self._reply(writer, 200, self._document(path, body, {text: 1.0}))
            return True
        future = self._loop.create_future()
        self._waiting.append((body, future))
        self._more.set()
        document = self._document(path, body, await future)
        if fault in ("cut", "truncated"):
            await self._partial(writer, document, fault)
            return fault == "truncated"
        # Counted before it goes out: whoever has the answer finds it counted.
        asked = _prompt_text(body)
        self.served[asked] += 1
        try:
            await self._reply(writer, 200, document, slow=fault == "slow")
        except (ConnectionError, asyncio.CancelledError):
            self.served -= Counter([asked])
            raise
        return True

    def _document(self, path: str, body: dict, table: dict[str, float]) -> dict[str, Any]:
        chat = path.endswith("/chat/completions")
        top = int(body.get("top_logprobs" if chat else "logprobs") or 0)
        ranked = sorted(table.items(), key=lambda row: -row[1])
        best = ranked[0][0]
        choice: dict[str, Any] = {"index": 0, "finish_reason": "length"}
        choice |= {"message": {"role": "assistant", "content": best}} if chat else {"text": best}
        if top and self.show_probabilities:
            shown = [(token, math.log(p)) for token, p in ranked[:top] if p > 0]
            if chat:
                rows = [{"token": token, "logprob": p} for token, p in shown]
                choice["logprobs"] = {"content": [rows[0] | {"top_logprobs": rows}]}
            else:
                choice["logprobs"] = {"top_logprobs": [dict(shown)]}
        used = {"prompt_tokens": len(_prompt_text(body)) // 4, "completion_tokens": 1}
        return {"object": "completion", "choices": [choice], "usage": used}

    async def _reply(self, writer, status: int, document, extra: str = "", slow: bool = False):
        raw = json.dumps(document).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{extra}"
            f"Content-Length: {len(raw)}\r\n\r\n".encode()
        )
        if slow:
            for k in range(0, len(raw), 64):
                writer.write(raw[k : k + 64])
                await writer.drain()
                await asyncio.sleep(0)
        else:
            writer.write(raw)
        await writer.drain()
        return True

    async def _partial(self, writer, document, fault: str) -> None:
        raw = json.dumps(document).encode()
        half = raw[: len(raw) // 2]
        length = len(half) if fault == "truncated" else len(raw)
        writer.write(f"HTTP/1.1 200 X\r\nContent-Length: {length}\r\n\r\n".encode() + half)
        await writer.drain()


def _prompt_text(body: dict[str, Any]) -> str:
    if "prompt" in body:
        return body["prompt"]
    return "\n".join(f"{m['role']}: {m['content']}" for m in body["messages"])
