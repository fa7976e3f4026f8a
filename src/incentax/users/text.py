"""Text to vectors: hashed TF-IDF by default, a local sentence encoder where one is installed."""

import re
import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[^\W_]+", re.UNICODE)


def words(text: str) -> list[str]:
    """Lower-case words of a text.

    >>> words("A storm, at Sea!")
    ['a', 'storm', 'at', 'sea']
    """
    return _WORD.findall(text.lower())


def unit(vectors: NDArray) -> NDArray[np.float32]:
    """Rows scaled to length one, zero rows left at zero."""
    vectors = np.asarray(vectors, np.float32)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1.0), np.float32)


class AbstractEncoder(ABC):
    """Turns texts into unit vectors whose dot product is their similarity."""

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors `float32[n, d]` of n texts."""


@dataclass(frozen=True)
class HashedTfidf(AbstractEncoder):
    """TF-IDF over hashed words, compressed to `dims` by an exact eigendecomposition.

    Needs no model and no vocabulary file. The decomposition is fitted on the texts given, so
    vectors of two calls are not comparable.

    >>> texts = ["a ghost ship", "the ghost ship", "tax law", "tax law text"]
    >>> a = HashedTfidf(dims=2).encode(texts)
    >>> bool(a[0] @ a[1] > a[0] @ a[2])
    True
    """

    dims: int = 48
    buckets: int = 1024

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors `float32[n, dims]`; texts without words are zero vectors."""
        counts = np.zeros((len(texts), self.buckets), np.float32)
        for row, text in enumerate(texts):
            for word in words(text):
                counts[row, zlib.crc32(word.encode()) % self.buckets] += 1.0
        present = (counts > 0).sum(0)
        weight = np.log((1.0 + len(texts)) / (1.0 + present)).astype(np.float32)
        table = unit(np.log1p(counts) * weight)
        _, basis = np.linalg.eigh(table.T.astype(np.float64) @ table)
        basis = basis[:, ::-1][:, : self.dims]
        # An eigenvector's sign is arbitrary; fixing it makes the vectors reproducible.
        signs = np.sign(basis[np.abs(basis).argmax(0), np.arange(basis.shape[1])])
        return unit(table @ (basis * signs).astype(np.float32))


@dataclass(frozen=True)
class SentenceEncoder(AbstractEncoder):
    """Mean-pooled states of a local encoder model in transformers format.

    **Arguments:**

    - `path`: folder of the model; nothing is downloaded.
    """

    path: str
    batch_size: int = 32

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors `float32[n, d]`, d being the model's width."""
        import torch
        from transformers import AutoModel, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(self.path, local_files_only=True)
        model = AutoModel.from_pretrained(self.path, local_files_only=True).eval()
        rows = []
        for start in range(0, len(texts), self.batch_size):
            batch = tokenizer(
                list(texts[start : start + self.batch_size]),
                padding=True,
                truncation=True,
                max_length=256,
                return_tensors="pt",
            )
            with torch.no_grad():
                states = model(**batch).last_hidden_state
            mask = batch["attention_mask"][..., None].to(states.dtype)
            rows.append(((states * mask).sum(1) / mask.sum(1)).float().numpy())
        return unit(np.concatenate(rows))
