"""Which architecture some tensors are of, and their names as open_clip has them."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from gallery.clip.checksums import WeightsError

State = dict[str, Tensor]

# What OpenAI's program carries beside weights: three numbers, which the shapes tell too.
OPENAI_NUMBERS = ("input_resolution", "context_length", "vocab_size")


def is_openai(state: Mapping[str, Tensor]) -> bool:
    """OpenAI's names, which open_clip's plain CLIP classes kept."""
    return {"visual.conv1.weight", "token_embedding.weight", "text_projection", "logit_scale"} <= state.keys()


def without_openai_numbers(state: Mapping[str, Tensor]) -> State:
    return {name: tensor for name, tensor in state.items() if name not in OPENAI_NUMBERS}


def openai_config(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """open_clip's configuration of weights with OpenAI's names, deduced from shapes.

    As OpenAI's models are: heads of 64 channels, QuickGELU.
    """
    width = state["ln_final.weight"].shape[0]
    vision = _vit(state) if "visual.proj" in state else _resnet(state)
    return {
        "embed_dim": state["text_projection"].shape[1],
        "vision_cfg": vision,
        "text_cfg": {
            "context_length": state["positional_embedding"].shape[0],
            "vocab_size": state["token_embedding.weight"].shape[0],
            "width": width,
            "heads": max(1, width // 64),
            "layers": _count(state, "transformer.resblocks."),
        },
        "quick_gelu": True,
    }


def _vit(state: Mapping[str, Tensor]) -> dict[str, Any]:
    kernel = state["visual.conv1.weight"]  # (width, 3, patch, patch)
    grid = round((state["visual.positional_embedding"].shape[0] - 1) ** 0.5)
    return {
        "image_size": kernel.shape[-1] * grid,
        "layers": _count(state, "visual.transformer.resblocks."),
        "width": kernel.shape[0],
        "patch_size": kernel.shape[-1],
    }


def _resnet(state: Mapping[str, Tensor]) -> dict[str, Any]:
    grid = round((state["visual.attnpool.positional_embedding"].shape[0] - 1) ** 0.5)
    return {
        "image_size": grid * 32,
        "layers": [_count(state, f"visual.layer{stage}.") for stage in (1, 2, 3, 4)],
        "width": state["visual.layer1.0.conv1.weight"].shape[0],
        "patch_size": None,
    }


def _count(state: Mapping[str, Tensor], prefix: str) -> int:
    """Different numbers that follow a prefix."""
    return len({name.removeprefix(prefix).split(".")[0] for name in state if name.startswith(prefix)})


def is_transformers(state: Mapping[str, Tensor]) -> bool:
    """The names of transformers' CLIPModel, as many repositories of the Hugging Face hub have them."""
    return "vision_model.embeddings.patch_embedding.weight" in state and "text_projection.weight" in state


def transformers_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """open_clip's configuration from the config.json of a CLIPModel. Raises WeightsError."""
    from transformers import CLIPConfig

    if config.get("model_type") != "clip":
        raise WeightsError(f"config.json describes {config.get('model_type')!r} and not a clip model.")
    given = CLIPConfig(**config)
    vision: Any = given.vision_config
    text: Any = given.text_config
    if vision.hidden_act != text.hidden_act or vision.hidden_act not in {"gelu", "quick_gelu"}:
        raise WeightsError(f"config.json wants {vision.hidden_act!r} and {text.hidden_act!r}, not gelu.")
    return {
        "embed_dim": given.projection_dim,
        "vision_cfg": {
            "image_size": vision.image_size,
            "layers": vision.num_hidden_layers,
            "width": vision.hidden_size,
            "head_width": vision.hidden_size // vision.num_attention_heads,
            "mlp_ratio": vision.intermediate_size / vision.hidden_size,
            "patch_size": vision.patch_size,
        },
        "text_cfg": {
            "context_length": text.max_position_embeddings,
            "vocab_size": text.vocab_size,
            "width": text.hidden_size,
            "heads": text.num_attention_heads,
            "layers": text.num_hidden_layers,
            "mlp_ratio": text.intermediate_size / text.hidden_size,
        },
        "quick_gelu": vision.hidden_act == "quick_gelu",
    }


RENAMED = {
    "logit_scale": "logit_scale",
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.final_layer_norm.weight": "ln_final.weight",
    "text_model.final_layer_norm.bias": "ln_final.bias",
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "vision_model.pre_layrnorm.weight": "visual.ln_pre.weight",  # transformers' own spelling
    "vision_model.pre_layrnorm.bias": "visual.ln_pre.bias",
    "vision_model.post_layernorm.weight": "visual.ln_post.weight",
    "vision_model.post_layernorm.bias": "visual.ln_post.bias",
}
TURNED = {"text_projection.weight": "text_projection", "visual_projection.weight": "visual.proj"}
BLOCKS = {
    "text_model.encoder.layers.": "transformer.resblocks.",
    "vision_model.encoder.layers.": "visual.transformer.resblocks.",
}
IN_BLOCK = {
    "layer_norm1.": "ln_1.",
    "layer_norm2.": "ln_2.",
    "mlp.fc1.": "mlp.c_fc.",
    "mlp.fc2.": "mlp.c_proj.",
    "self_attn.out_proj.": "attn.out_proj.",
}
POSITION_IDS = ("text_model.embeddings.position_ids", "vision_model.embeddings.position_ids")  # 0, 1, 2 …


def from_transformers(state: Mapping[str, Tensor]) -> State:
    """transformers' names and shapes → open_clip's. A name that is unknown stays, and is an error later."""
    renamed: State = {}
    for name, tensor in state.items():
        if name in POSITION_IDS:
            continue
        if name in TURNED:
            renamed[TURNED[name]] = tensor.T.contiguous()
        elif ".self_attn.q_proj." in name:
            # open_clip's attention has the three projections in one matrix: (3·width, width).
            parts = [state.get(name.replace(".q_proj.", f".{part}_proj.")) for part in "qkv"]
            if all(part is not None for part in parts):
                name = _in_block(name.replace("self_attn.q_proj.", "attn.in_proj_"))
                renamed[name] = torch.cat([part for part in parts if part is not None])
        elif ".self_attn.k_proj." not in name and ".self_attn.v_proj." not in name:
            renamed[RENAMED.get(name) or _in_block(name)] = tensor
    return renamed


def _in_block(name: str) -> str:
    for prefix, ours in BLOCKS.items():
        if name.startswith(prefix):
            number, _, inner = name.removeprefix(prefix).partition(".")
            for theirs, here in IN_BLOCK.items():
                if inner.startswith(theirs):
                    inner = here + inner.removeprefix(theirs)
            return f"{ours}{number}.{inner}"
    return name
