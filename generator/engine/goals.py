"""What CLIP is to find: prompts as unit vectors with weights and stops, for the picture or a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.engine.pictures import Pictures, on_white, picture_mask, shape_mask
from generator.engine.prompts import Kind, Scene, TextPrompt, parse_prompt
from generator.engine.settings import PARTS, GenerateSettings


class Perceptor(Protocol):
    """The part of a CLIP model that guidance needs; gallery.clip.model.ClipModel is one."""

    @property
    def model_id(self) -> str: ...

    @property
    def image_size(self) -> int:
        """Side in pixels of the pictures it takes."""
        ...

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """(N, D) unit rows."""
        ...

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        """(B, 3, S, S) in [0, 1] → (B, D) unit rows, differentiable."""
        ...


@dataclass(frozen=True)
class Goal:
    """One scene as CLIP reads it: texts (M, D) unit rows, also of what is no text; weights and stops (M,)."""

    texts: Tensor
    weights: Tensor
    stops: Tensor


@dataclass(frozen=True)
class SpotGoal:
    """A goal for a part of the picture: mask bool (1, 1, H, W), true where that part is."""

    goal: Goal
    mask: Tensor

    def show(self, picture: Tensor) -> Tensor:
        """The picture (1, 3, H, W), with alpha (1, 4, H, W), with white in the place of all other parts."""
        return torch.where(self.mask, picture, torch.ones_like(picture))


def read_scene(scene: Scene, clip: Perceptor, pictures: Pictures) -> Goal:
    texts = [part.text for part in scene if part.kind == Kind.TEXT]
    with torch.inference_mode():
        rows = iter(clip.encode_text(texts)) if texts else iter(())
        found = [next(rows) if part.kind == Kind.TEXT else _vector(part, clip, pictures) for part in scene]
    vectors = torch.stack(found).clone()  # made outside inference mode, so that autograd may use it
    return Goal(
        texts=vectors,
        weights=torch.tensor([part.weight for part in scene]).to(vectors),
        stops=torch.tensor([part.stop for part in scene]).to(vectors),
    )


def read_spots(
    settings: GenerateSettings, clip: Perceptor, pictures: Pictures, device: torch.device
) -> list[SpotGoal]:
    """The goals for the parts of the picture that have prompts of their own."""
    size = (settings.height, settings.width)
    spots = []
    for name in PARTS:
        if prompt := getattr(settings, name):
            (scene,) = parse_prompt(prompt)
            if settings.spot_picture:
                mask = picture_mask(pictures[settings.spot_picture], size, device)
            else:
                mask = shape_mask(settings.spot, size, device)
            goal = read_scene(scene, clip, pictures)
            spots.append(SpotGoal(goal, mask if name == "inside" else ~mask))
    return spots


def _vector(part: TextPrompt, clip: Perceptor, pictures: Pictures) -> Tensor:
    """(D,) of unit length: of a picture as CLIP sees it, or of noise in a random direction."""
    side = clip.image_size
    if part.kind == Kind.PICTURE:
        device = clip.encode_text(["x"]).device
        return clip.encode_pixels(on_white(pictures[part.text], (side, side), device))[0]
    like = clip.encode_text(["x"])[0]
    noise = torch.randn(like.shape, generator=torch.Generator().manual_seed(int(part.text)))
    return F.normalize(noise, dim=0).to(like)
