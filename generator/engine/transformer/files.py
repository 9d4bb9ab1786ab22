"""A transformer's files: `config.json` and `model.safetensors` in one folder."""

from __future__ import annotations

import os
from pathlib import Path

from safetensors.torch import save_file

from generator.engine.transformer.config import TransformerError, read_config
from generator.engine.transformer.model import TokenTransformer
from generator.engine.vqgan_files import CHECKSUMS, MINI_PACK, check_sum, in_pack, read_weights, remedy

CONFIG, WEIGHTS = "config.json", "model.safetensors"


def save_transformer(model: TokenTransformer, folder: Path) -> None:
    """Half precision, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
    partial = folder / f"{WEIGHTS}.partial"
    save_file(weights, partial, metadata={"format": "pt"})
    partial.chmod(0o644)  # safetensors makes files that only their owner can read
    os.replace(partial, folder / WEIGHTS)
    model.config.write(folder / CONFIG)


def load_transformer(folder: Path, *, device: str = "cpu") -> TokenTransformer:
    """The model in evaluation mode, float32, without gradients to its weights.

    Raises TransformerError or VqganError when a file is missing, damaged, altered or does not fit the other.
    """
    for name in (CONFIG, WEIGHTS):
        path = folder / name
        if not path.is_file():
            what_to_do = remedy(path) if in_pack(path) else "train one with `manage.py train_transformer`"
            raise TransformerError(f"no {name} of the transformer in {folder}: {what_to_do}")
        if in_pack(path):
            check_sum(path, MINI_PACK / CHECKSUMS)
    model = TokenTransformer(read_config(folder / CONFIG))
    try:
        model.load_state_dict(read_weights(folder / WEIGHTS), strict=True)
    except RuntimeError as error:
        raise TransformerError(f"{folder / WEIGHTS} does not fit {folder / CONFIG}. {error}") from error
    return model.to(device).eval().requires_grad_(False)
