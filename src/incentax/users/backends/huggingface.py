"""A local causal language model in transformers format, rating from its token probabilities."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..._errors import ModelError
from ..prompts import Message, Prompt
from ..query import Capabilities
from ..scales import Scale
from .model import AbstractModel, Answer
from .routes import plain_text


class HuggingFaceModel(AbstractModel):
    """Any causal model in a local folder; nothing is downloaded.

    One forward pass per rating and batch, padded on the left; labels of several tokens cost one
    pass more per distinct beginning.

    **Main arguments:**

    - `path`: folder of the model and its tokenizer.
    - `device`: where it runs, e.g. `cpu` or `cuda:0`.

    **Other arguments:**

    - `dtype`: name of the precision, e.g. `float32`, `bfloat16`.
    - `batch_size`: prompts per forward pass.

    **Raises:** `ModelError` for a folder that holds no model.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        device: str = "cpu",
        dtype: str = "float32",
        batch_size: int = 16,
    ):
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        if not (Path(path) / "config.json").is_file():
            raise ModelError(
                f"expected a model folder with config.json, got {path}",
                hint="the path of a model in transformers format",
            )
        try:
            tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True)
            model: Any = AutoModelForCausalLM.from_pretrained(
                path, local_files_only=True, dtype=getattr(torch, dtype)
            )
        except (OSError, ValueError, AttributeError) as error:
            raise ModelError(
                f"expected a causal model at {path}, got {str(error).splitlines()[0][:120]}",
                hint="a folder written by save_pretrained, and a dtype such as float32",
            ) from error
        self._torch, self._tokenizer = torch, tokenizer
        self._model = model.to(device).eval()
        self._device, self._batch_size = device, batch_size
        self._name = f"{Path(path).name}/{dtype}/{_fingerprint(Path(path))}"
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token

    @property
    def identity(self) -> str:
        """Folder name, precision and revision."""
        return f"hf/{self._name}"

    @property
    def capabilities(self) -> Capabilities:
        """Everything, since the probabilities are at hand."""
        return Capabilities(True, True, True, self._batch_size)

    def score(self, prompts: Sequence[Prompt], arrived: Callable[[int, Answer], None]):
        """Label probabilities from one forward pass per batch."""
        answers: list[Answer | None] = [None] * len(prompts)
        texts = [self.text(prompt) for prompt in prompts]
        # Prompts of like length share a batch, so that little is padded.
        order = sorted(range(len(prompts)), key=lambda k: len(texts[k]))
        for start in range(0, len(order), self._batch_size):
            part = order[start : start + self._batch_size]
            scale = prompts[part[0]].scale
            masses, lengths, best = self._masses([texts[k] for k in part], scale)
            for row, k in enumerate(part):
                answer = Answer(tuple(masses[row]), text=best[row], prompt_tokens=lengths[row])
                answers[k] = answer
                arrived(k, answer)
        return [answer for answer in answers if answer is not None]

    def text(self, prompt: Prompt) -> str:
        """What the model reads: the tokenizer's chat format, or plain text where it has none.

        Special tokens inside the material are broken up, so that nobody's text can end a turn.
        """
        specials = [token for token in self._tokenizer.all_special_tokens if len(token) > 1]

        def inert(content: str) -> str:
            for token in specials:
                content = content.replace(token, token[0] + "\u200b" + token[1:])
            return content

        safe = Prompt(
            tuple(Message(m.role, inert(m.content)) for m in prompt.messages),
            prompt.prefix,
            prompt.scale,
        )
        if not self._tokenizer.chat_template:
            return plain_text(safe)
        turns = [{"role": m.role, "content": m.content} for m in safe.messages]
        opened = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True
        )
        return opened + prompt.prefix

    def token_probabilities(self, texts: list[str]):
        """Next-token probabilities `[n, V]` after each text, and the texts' lengths in tokens."""
        torch = self._torch
        rows = [self._tokenizer.encode(t, add_special_tokens=False) or [0] for t in texts]
        width = max(map(len, rows))
        ids = torch.full((len(rows), width), self._tokenizer.pad_token_id or 0)
        mask = torch.zeros((len(rows), width), dtype=torch.long)
        for k, row in enumerate(rows):
            ids[k, width - len(row) :] = torch.tensor(row)
            mask[k, width - len(row) :] = 1
        place = (mask.cumsum(1) - 1).clamp(min=0)
        with torch.inference_mode():
            logits = self._model(
                input_ids=ids.to(self._device),
                attention_mask=mask.to(self._device),
                position_ids=place.to(self._device),
                logits_to_keep=1,
            ).logits[:, -1]
        probability = torch.softmax(logits.double(), -1).cpu()
        return probability, [len(row) for row in rows]

    def spelling(self, token: int) -> str:
        """The text of one token."""
        return self._tokenizer.decode([token])

    def close(self) -> None:
        """Nothing is held but memory."""

    def generate(self, prompt: Prompt, max_tokens: int = 512) -> str:
        """Greedy text continuing a prompt."""
        torch = self._torch
        ids = torch.tensor([self._tokenizer.encode(self.text(prompt), add_special_tokens=False)])
        with torch.inference_mode():
            out = self._model.generate(
                ids.to(self._device),
                attention_mask=torch.ones_like(ids).to(self._device),
                max_new_tokens=max_tokens,
                do_sample=False,
                pad_token_id=self._tokenizer.pad_token_id,
            )
        return self._tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)

    def _masses(self, texts: list[str], scale: Scale):
        first, lengths = self.token_probabilities(texts)
        spelt = [self._spelt(scale, level) for level in range(scale.num_levels)]
        beginnings = sorted({s[:cut] for row in spelt for s in row for cut in range(1, len(s))})
        after: dict[tuple[int, ...], Any] = {(): first}
        for begun in beginnings:
            extended = [t + self._tokenizer.decode(list(begun)) for t in texts]
            after[begun] = self.token_probabilities(extended)[0]

        def chance(sequence: tuple[int, ...]):
            p = after[()][:, sequence[0]]
            for cut in range(1, len(sequence)):
                p = p * after[sequence[:cut]][:, sequence[cut]]
            return p

        every = [s for row in spelt for s in row]
        masses = self._torch.zeros(len(texts), scale.num_levels, dtype=self._torch.double)
        for level, row in enumerate(spelt):
            for s in row:
                # "1" followed by "0" is ten, not one.
                longer = [t for t in every if len(t) == len(s) + 1 and t[: len(s)] == s]
                taken = sum((after[s][:, t[-1]] for t in longer), self._torch.zeros(len(texts)))
                masses[:, level] += chance(s) * (1.0 - taken)
        best = [self.spelling(int(k)) for k in first.argmax(-1)]
        return masses.tolist(), lengths, best

    def _spelt(self, scale: Scale, level: int) -> list[tuple[int, ...]]:
        """Token sequences of a label: its one-token spellings, or else the plain label's tokens."""
        rows = [
            tuple(self._tokenizer.encode(v, add_special_tokens=False))
            for v in scale.variants(level)
        ]
        single = list(dict.fromkeys(row for row in rows if len(row) == 1))
        return single or rows[:1]


def _fingerprint(folder: Path) -> str:
    """Hash of the folder's configuration and of the size and beginning of each other file."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.is_file():
            digest.update(f"{file.name}/{file.stat().st_size}/".encode())
            with open(file, "rb") as stream:
                digest.update(stream.read(1 << 20))
    return digest.hexdigest()[:12]
