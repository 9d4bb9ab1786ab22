"""Sheets of sample pictures."""

import os
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor


def sheet(pictures: Tensor, *, columns: int) -> Image.Image:
    """pictures: (N, 3, H, W) in [0, 1], any device; row after row, white where there are too few."""
    pixels = pictures.detach().float().cpu().clamp(0, 1)
    count, _, height, width = pixels.shape
    rows = -(-count // columns)
    canvas = torch.ones(3, rows * height, columns * width)
    for number, picture in enumerate(pixels):
        top, left = number // columns * height, number % columns * width
        canvas[:, top : top + height, left : left + width] = picture
    return Image.fromarray((canvas * 255).round().byte().permute(1, 2, 0).numpy())


def save_picture(picture: Image.Image, path: Path) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    picture.save(partial, format="PNG")
    os.replace(partial, path)
