"""A model that understands colours and nothing else, so that rankings can be foreseen.

It stands where gallery.clip.model.ClipModel stands in the encoder. Pictures become the direction of their
mean colour, texts the direction of the colours they name.
"""

import threading
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image as Pillow

MODEL_ID = "colours"
COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "yellow": (1, 1, 0), "white": (1, 1, 1)}


def direction(numbers: Sequence[float]) -> np.ndarray:
    vector = np.asarray([*numbers, 0.2], np.float32)
    return vector / np.linalg.norm(vector)


class ColourModel:
    dim = 4
    logit_scale = 20.0
    image_size = 8
    label_template = "something {}"

    def __init__(self, model_id: str = MODEL_ID) -> None:
        self.model_id = model_id
        self.batches: list[list[object]] = []
        self.gate = threading.Event()  # closed: the model is busy
        self.gate.set()

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        self.gate.wait()
        self.batches.append(list(texts))
        rows = [
            direction(np.sum([COLOURS.get(word, (0, 0, 0)) for word in text.lower().split()], axis=0))
            for text in texts
        ]
        return torch.from_numpy(np.stack(rows))

    def encode_images(self, images: Sequence[Pillow.Image]) -> torch.Tensor:
        self.gate.wait()
        self.batches.append(list(images))
        rows = [direction(np.asarray(image.convert("RGB")).mean(axis=(0, 1)) / 255) for image in images]
        return torch.from_numpy(np.stack(rows))


class GreyModel(ColourModel):
    """Another model, for changes from one to the other: it only knows how light something is, in vectors of
    another length, so that comparing them with the first one's cannot go unnoticed."""

    dim = 2

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        return self._grey(super().encode_text(texts))

    def encode_images(self, images: Sequence[Pillow.Image]) -> torch.Tensor:
        return self._grey(super().encode_images(images))

    def _grey(self, rows: torch.Tensor) -> torch.Tensor:
        """(N, 4) → (N, 2)."""
        two = torch.stack([rows[:, :3].sum(dim=1), rows[:, 3]], dim=1)
        return two / two.norm(dim=1, keepdim=True)
