"""Any OpenAI-compatible server: concurrent, and patient with faults."""

import asyncio
import json
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..._errors import ModelError
from ..prompts import Prompt
from ..query import Capabilities
from .labels import continued, masses_of_tokens, split_continued
from .model import AbstractModel, Answer
from .patience import Patience, Retry, asked_wait
from .routes import AbstractRoute, ChatRoute
from .wire import BrokenConnection, Wire


class HttpModel(AbstractModel):
    """A model behind an OpenAI-compatible server (vLLM, llama.cpp, Ollama, a cloud).

    **Main arguments:**

    - `base_url`: up to and including `/v1`.
    - `name`: the model, whatever the server calls it.
    - `route`: how prompts are put and probabilities read.

    **Other arguments:**

    - `key_variable`: environment variable that holds the key; the key itself is never kept, logged
      or part of an error.
    - `concurrency`: requests in flight.
    - `per_second`: requests started per second, 0 for no limit.
    - `top`: how many token probabilities to ask for.
    - `patience`: retries and time-outs.

    Reference: the chat completions and completions interfaces with log-probabilities.
    """

    def __init__(
        self,
        base_url: str,
        name: str,
        *,
        route: AbstractRoute | None = None,
        key_variable: str = "OPENAI_API_KEY",
        concurrency: int = 64,
        per_second: float = 0.0,
        top: int = 20,
        patience: Patience | None = None,
    ):
        # Looked at first, and never shown: the address is kept beside every result.
        if any(sign in base_url for sign in "@?#"):
            raise ValueError(
                "expected a base URL without credentials, got one with an @, ? or #; try putting "
                f"the key into the environment variable {key_variable}"
            )
        if not base_url.startswith(("http://", "https://")):
            raise ValueError(
                f"expected a base URL starting with http:// or https://, got {base_url!r}; "
                "try http://localhost:8000/v1"
            )
        try:
            self._wire = Wire(base_url.rstrip("/"))
        except ValueError as error:
            raise ValueError(
                f"expected the base URL of a server, got {base_url!r} ({error}); "
                "try http://localhost:8000/v1"
            ) from None
        self._base_url, self._name = base_url.rstrip("/"), name
        self._route = route or ChatRoute()
        self._key_variable, self._concurrency = key_variable, concurrency
        self._per_second, self._top = per_second, top
        self._patience = patience or Patience()
        self._shows_probabilities = True
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next_start = 0.0

    @property
    def identity(self) -> str:
        """Model, route and number of probabilities; the server's address does not matter."""
        return f"http/{self._name}/{self._route.identity}/{self._top}"

    @property
    def capabilities(self) -> Capabilities:
        """As found in the replies so far."""
        return Capabilities(
            log_probabilities=self._shows_probabilities,
            assistant_prefix=self._route.continues,
            batch_size=self._concurrency,
        )

    def probe(self) -> tuple[str, ...]:
        """Names of the models on offer; one attempt, so that a dead server is known at once.

        **Raises:** `ModelError` if it cannot be reached, refuses the key, or lacks the model.
        """
        try:
            names = self._run(self._models())
        except Retry as error:
            raise ModelError(
                f"expected a server at {self._base_url}, got {error}",
                retryable=True,
                hint="start it, or check --base-url",
            ) from None
        if names and self._name not in names:
            raise ModelError(
                f"expected a model of the server, got {self._name!r}",
                hint=f"one of {', '.join(names[:8])}",
            )
        return names

    def score(self, prompts: Sequence[Prompt], arrived: Callable[[int, Answer], None]):
        """Answers in order; failures are raised after what is still under way has been kept."""
        return self._run(self._score(prompts, arrived))

    def generate(self, prompt: Prompt, max_tokens: int = 512) -> str:
        """Free text continuing a prompt."""
        body = self._route.body(prompt, self._name, 0, max_tokens)
        return self._hide(self._route.text(self._run(self._post(body))[0]))

    def close(self) -> None:
        """Close connections and stop the thread that owned them."""
        if self._loop is None:
            return
        self._run(self._wire.close())
        loop, self._loop = self._loop, None
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()

    def _run(self, work) -> Any:
        if self._loop is None:
            # A loop of our own keeps connections open between steps and works inside notebooks.
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
            self._thread.start()
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def _score(self, prompts, arrived) -> list[Answer]:
        gate = asyncio.Semaphore(self._concurrency)
        answers: list[Answer | None] = [None] * len(prompts)
        failures: list[ModelError] = []

        async def one(k: int) -> None:
            async with gate:
                if len(failures) >= self._patience.max_failures:
                    return
                try:
                    answer = await self._answer(prompts[k])
                except ModelError as error:
                    failures.append(error)
                    return
                arrived(k, answer)
                answers[k] = answer

        await asyncio.gather(*(one(k) for k in range(len(prompts))))
        if failures:
            raise failures[0]
        return [answer for answer in answers if answer is not None]

    async def _answer(self, prompt: Prompt) -> Answer:
        start = time.perf_counter()
        scale = prompt.scale
        if self._shows_probabilities:
            reply, retries = await self._post(self._route.body(prompt, self._name, self._top, 1))
            tokens = self._route.tokens(reply)
            if tokens is not None:
                masses = masses_of_tokens(tokens, scale)
                if continued(scale):
                    masses = await self._split(prompt, masses)
                return self._account(
                    reply, Answer(masses, cut=max(0.0, 1.0 - sum(tokens.values()))), start, retries
                )
            self._shows_probabilities = False
        reply, retries = await self._post(self._route.body(prompt, self._name, 0, 4))
        return self._account(reply, Answer(None), start, retries)

    async def _split(self, prompt: Prompt, masses: tuple[float, ...]) -> tuple[float, ...]:
        scale = prompt.scale
        tails = {}
        for short in continued(scale):
            if masses[short] <= 0.0 or not self._route.continues:
                tails[short] = {}
                continue
            longer = replace(prompt, prefix=f"{prompt.prefix} {scale.labels[short]}")
            reply, _ = await self._post(self._route.body(longer, self._name, self._top, 1))
            tails[short] = self._route.tokens(reply) or {}
        return split_continued(masses, scale, tails)

    def _account(self, reply: dict, answer: Answer, start: float, retries: int) -> Answer:
        used = reply.get("usage") or {}
        return replace(
            answer,
            text=self._hide(self._route.text(reply))[:200],
            prompt_tokens=int(used.get("prompt_tokens") or 0),
            completion_tokens=int(used.get("completion_tokens") or 0),
            seconds=round(time.perf_counter() - start, 6),
            retries=retries,
        )

    async def _models(self) -> tuple[str, ...]:
        reply = await self._send("GET", "/models", None)
        rows = [row for row in reply.get("data") or [] if isinstance(row, dict)]
        return tuple(self._hide(str(row.get("id"))) for row in rows)

    def _hide(self, text: str) -> str:
        """What a server said without the key: some say it back, and what they say is kept."""
        key = os.environ.get(self._key_variable, "")
        return re.sub(re.escape(key), "***", text, flags=re.IGNORECASE) if key else text

    async def _post(self, body: dict[str, Any]) -> tuple[dict[str, Any], int]:
        patience, last = self._patience, "no attempt"
        for attempt in range(patience.attempts):
            await self._paced()
            try:
                reply = await self._send("POST", self._route.path, body)
                self._route.text(reply)  # a reply without a choice is a broken reply
                return reply, attempt
            except (KeyError, IndexError, TypeError, AttributeError):
                last, after = "a reply without a choice", None
            except Retry as error:
                last, after = str(error), error.after
            if attempt + 1 < patience.attempts:
                await asyncio.sleep(patience.wait(attempt, after))
        raise ModelError(
            f"the server at {self._base_url} failed {patience.attempts} times in a row, last with "
            f"{last}",
            retryable=True,
            hint="resume later; every answer so far is in the cache",
        )

    async def _paced(self) -> None:
        if self._per_second <= 0:
            return
        now = time.monotonic()
        self._next_start = max(self._next_start, now) + 1.0 / self._per_second
        await asyncio.sleep(max(0.0, self._next_start - 1.0 / self._per_second - now))

    async def _send(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        key = os.environ.get(self._key_variable, "")
        if not (key.isascii() and key.isprintable()):
            raise ModelError(
                f"expected a key of printable ASCII in {self._key_variable}, got other characters",
                hint="set it again without line breaks",
            )
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        raw = b"" if body is None else json.dumps(body).encode()
        try:
            async with asyncio.timeout(self._patience.timeout):
                response = await self._wire.request(method, path, raw, headers)
        except TimeoutError:
            raise Retry(f"no reply within {self._patience.timeout:g} s") from None
        except BrokenConnection as error:
            raise Retry(f"a broken connection ({error})") from None
        if response.status == 429 or response.status >= 500:
            raise Retry(f"status {response.status}", asked_wait(response.headers))
        if response.status >= 400:
            said = self._hide(response.content.decode("utf-8", "replace"))[:200]
            raise ModelError(
                f"the server refused the request with status {response.status}: {said}",
                hint=f"the model name, the route, or the key in {self._key_variable}",
            )
        try:
            reply = json.loads(response.content)
        except ValueError:
            raise Retry("a reply that is not JSON") from None
        if not isinstance(reply, dict):
            raise Retry("a reply that is not a JSON object")
        return reply
