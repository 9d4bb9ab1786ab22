"""VQGANs with random values, written as taming-transformers released its own."""

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from omegaconf import OmegaConf
from safetensors.torch import save_file
from taming.modules.diffusionmodules.model import Decoder, Encoder
from taming.modules.discriminator.model import NLayerDiscriminator
from taming.modules.vqvae.quantize import GumbelQuantize, VectorQuantizer2
from torch import nn

from generator.engine.vqgan import VqganSource

# The yaml of vqgan_imagenet_f16_1024, as released.
IMAGENET_F16_1024 = """
model:
  base_learning_rate: 4.5e-06
  target: taming.models.vqgan.VQModel
  params:
    embed_dim: 256
    n_embed: 1024
    ddconfig:
      double_z: false
      z_channels: 256
      resolution: 256
      in_channels: 3
      out_ch: 3
      ch: 128
      ch_mult: [1, 1, 2, 2, 4]
      num_res_blocks: 2
      attn_resolutions: [16]
      dropout: 0.0
    lossconfig:
      target: taming.modules.losses.vqperceptual.VQLPIPSWithDiscriminator
      params: {disc_conditional: false, disc_in_channels: 3, disc_start: 0, disc_weight: 0.75}
"""
SMALL = {
    "z_channels": 16,
    "resolution": 32,
    "ch": 32,
    "ch_mult": [1, 2],
    "num_res_blocks": 1,
    "attn_resolutions": [16],
}


def yaml_of(text=IMAGENET_F16_1024, *, embed_dim=8, n_embed=32, target=None, **ddconfig):
    config = OmegaConf.create(text)
    config.model.target = target or config.model.target
    config.model.params |= {"embed_dim": embed_dim, "n_embed": n_embed}
    config.model.params.ddconfig |= {**SMALL, **ddconfig}
    return config


class Reference(nn.Module):
    """Put together from taming's modules in the order of taming.models.vqgan.VQModel and GumbelVQ."""

    def __init__(self, config):
        super().__init__()
        params = config.model.params
        settings = OmegaConf.to_container(params.ddconfig)
        torch.manual_seed(0)
        self.encoder, self.decoder = Encoder(**settings), Decoder(**settings)
        self.gumbel = config.model.target.endswith("GumbelVQ")
        if self.gumbel:
            self.quantize = GumbelQuantize(settings["z_channels"], params.embed_dim, params.n_embed)
        else:
            self.quantize = VectorQuantizer2(params.n_embed, params.embed_dim, beta=0.25)
            # Untrained vectors lie so close together that rounding decides which one is nearest.
            nn.init.normal_(self.quantize.embedding.weight)
        self.quant_conv = nn.Conv2d(settings["z_channels"], params.embed_dim, 1)
        self.post_quant_conv = nn.Conv2d(params.embed_dim, settings["z_channels"], 1)
        self.loss = nn.Module()
        self.loss.discriminator = NLayerDiscriminator(ndf=4, n_layers=1)

    def forward(self, pixels):
        hidden = self.quant_conv(self.encoder(pixels))
        if self.gumbel:
            chosen = self.quantize.proj(hidden).argmax(dim=1)
            quantized = self.quantize.get_codebook_entry(chosen.flatten(), (*chosen.shape, None))
        else:
            quantized = self.quantize(hidden)[0]
        return self.decoder(self.post_quant_conv(quantized))


def write(folder, config, weights, name="model.ckpt"):
    folder.mkdir(exist_ok=True)
    OmegaConf.save(config, folder / "config.yaml")
    if name.endswith(".safetensors"):
        save_file({key: value.contiguous() for key, value in weights.items()}, folder / name)
    else:
        content = {"state_dict": weights, "global_step": 7, "optimizer_states": [{"state": {}}]}
        torch.save({**content, "pytorch-lightning_version": "1.0.8"}, folder / name)
    return VqganSource(weights=folder / name, config=folder / "config.yaml")


def pixels(size, count=2):
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1


@contextmanager
def lightning_callbacks() -> Iterator[dict]:
    """What pytorch-lightning 1 put into its checkpoints: states of callbacks by their classes, which only
    unpickling without restrictions, and with lightning installed, would give back."""
    name = "pytorch_lightning.callbacks.model_checkpoint"
    module = types.ModuleType(name)
    module.ModelCheckpoint = type("ModelCheckpoint", (), {"__module__": name})
    sys.modules[name] = module
    try:
        yield {module.ModelCheckpoint: {"best_model_score": torch.tensor(0.5), "best_model_path": "x.ckpt"}}
    finally:
        del sys.modules[name]


def transformer_around(reference: Reference, config: OmegaConf) -> tuple[OmegaConf, dict]:
    """The yaml and the weights of a transformer with that first stage, as COCO and FacesHQ were released."""
    first = OmegaConf.to_container(config.model)
    params = {
        "cond_stage_key": "coord",
        "transformer_config": {"target": "taming.modules.transformer.mingpt.GPT"},
    }
    around = {
        "model": {
            "target": "taming.models.cond_transformer.Net2NetTransformer",
            "params": {**params, "first_stage_config": first},
        }
    }
    weights = {f"first_stage_model.{name}": tensor for name, tensor in reference.state_dict().items()}
    weights |= {"transformer.tok_emb.weight": torch.zeros(4, 4), "cond_stage_model.colorize": torch.zeros(3)}
    return OmegaConf.create(around), weights
