"""A tiny, randomly initialised language model that the tests build themselves."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def build(folder: Path, seed: int = 0, width: int = 32, layers: int = 2) -> Path:
    """Write model and byte-level tokenizer; digits are made likely, as they are after `Rating:`."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = ["<|im_start|>", "<|im_end|>"]
    vocabulary = {token: k for k, token in enumerate([*alphabet, *specials])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    raw.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<|im_end|>", additional_special_tokens=["<|im_start|>"]
    )
    tokenizer.chat_template = CHAT
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=2,
        max_position_embeddings=8192,
    )
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        model.model.embed_tokens.weight.mul_(20.0)
        model.lm_head.weight.mul_(10.0)
        for layer in model.model.layers:
            # Small random weights attend to everything alike, and no prompt would matter.
            for part in (layer.self_attn.q_proj, layer.self_attn.k_proj):
                part.weight.mul_(15.0)
            for part in (layer.self_attn.v_proj, layer.self_attn.o_proj):
                part.weight.mul_(6.0)
        digits = [vocabulary[str(k)] for k in range(10)]
        # Raising the digits' logits for every state keeps the model random but gives ratings mass.
        states = model(torch.arange(len(vocabulary))[None], output_hidden_states=True)
        mean = states.hidden_states[-1].mean((0, 1))
        model.lm_head.weight[digits] += 6.0 * mean / mean.square().sum()
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
