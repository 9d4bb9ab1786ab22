"""The network that a training begins with, and the folder that it ends as."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.transform import PreprocessCfg
from safetensors.torch import save_file
from torch import Tensor, nn

from gallery.clip.compact import read_state
from gallery.clip.layout import arrange
from gallery.clip.model import (
    PACK,
    QUICK_PACK,
    build_pack_network,
    load_strictly,
    of_one_member,
    pack_tokenizer,
    read_pack_config,
)
from gallery.clip.model import WEIGHTS as PACK_WEIGHTS
from gallery.clip.preprocess import Preprocess
from gallery.clip.released import folders
from gallery.clip.released.importing import TOKENIZER_FILES

SMALL_CONTEXT = 24  # tokens
HALF_MEAN = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Start:
    """config: open_clip's, as the folder that is written has it. folder: whose tokenizer goes with it."""

    network: nn.Module
    tokenize: Callable[[list[str]], Tensor]
    preprocess: Preprocess
    config: dict[str, Any]
    folder: Path | None = None
    is_half: bool = False  # its file has half precision


def small_start(*, size: int, seed: int) -> Start:
    """Two small transformers of new weights, most of them the words'. size: pixels a side."""
    torch.manual_seed(seed)
    model_cfg: dict[str, Any] = {
        "embed_dim": 128,
        "vision_cfg": {
            "image_size": size,
            "patch_size": size // 8,
            "layers": 3,
            "width": 128,
            "head_width": 32,
        },
        "text_cfg": {
            "context_length": SMALL_CONTEXT,
            "vocab_size": 49408,
            "width": 128,
            "heads": 4,
            "layers": 3,
        },
    }
    preprocess_cfg = {
        "mean": HALF_MEAN,
        "std": HALF_MEAN,
        "interpolation": "bicubic",
        "resize_mode": "squash",
    }
    return Start(
        network=arrange(folders.build(model_cfg)).train(),
        tokenize=open_clip.SimpleTokenizer(context_length=SMALL_CONTEXT),
        preprocess=Preprocess(size, HALF_MEAN, HALF_MEAN, resize_mode="squash"),
        config={"model_cfg": model_cfg, "preprocess_cfg": preprocess_cfg},
    )


def pack_start(folder: Path, *, quick: bool) -> Start:
    """The shipped pack; quick: its first image tower alone."""
    settings = read_pack_config(folder)
    network = build_pack_network(folder, quick=quick)
    state = read_state(folder / PACK_WEIGHTS)
    preprocess = Preprocess.from_open_clip(PreprocessCfg(**settings["preprocess_cfg"]))
    model_cfg = settings["model_cfg"]
    if quick:
        state = of_one_member(state, 0)
        preprocess = replace(preprocess, size=settings["quick_vision_cfg"]["image_size"])
        model_cfg = {**model_cfg, "vision_cfg": {**model_cfg["vision_cfg"], **settings["quick_vision_cfg"]}}
    load_strictly(network, state, name=str(folder / PACK_WEIGHTS))
    config = {
        "model_cfg": model_cfg,
        "preprocess_cfg": {**settings["preprocess_cfg"], "size": preprocess.size},
    }
    tokenize = pack_tokenizer(folder, model_cfg["text_cfg"]["context_length"])
    return Start(network.eval(), tokenize, preprocess, config, folder, is_half=True)


def installed_start(folder: Path) -> Start:
    """A model of the registry. Raises WeightsError."""
    network, tokenizer, preprocess, _weights = folders.load_folder(folder)
    config = {key: value for key, value in folders.read_config(folder).items() if key.endswith("_cfg")}
    return Start(arrange(network), tokenizer, Preprocess.from_open_clip(preprocess), config, folder)


def start_of(name: str, *, pack: Path, models: Path) -> Start:
    """By the name that the registry has for it."""
    if name in {PACK, QUICK_PACK}:
        return pack_start(pack, quick=name == QUICK_PACK)
    return installed_start(models / name)


def write_start(start: Start, folder: Path) -> None:
    """open_clip's layout: what `manage.py models add` takes. The network has learned meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in start.network.state_dict().items()}
    if start.is_half:
        state = {name: t.half() if t.is_floating_point() else t for name, t in state.items()}
    save_file(state, folder / folders.WEIGHTS, metadata={"format": "pt"})
    (folder / folders.WEIGHTS).chmod(0o644)
    (folder / folders.CONFIG).write_text(json.dumps(start.config, indent=2) + "\n", encoding="utf-8")
    if start.folder:
        for path in (start.folder / name for name in TOKENIZER_FILES):
            if path.is_file():
                shutil.copyfile(path, folder / path.name)
