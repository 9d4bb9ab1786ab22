"""One model's place in the encoder: loaded when it is asked for, let go when nobody asks for it any more."""

import asyncio
import gc
import io
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image

from gallery import pixels
from gallery.clip.batching import MicroBatcher
from gallery.clip.model import WeightsError

logger = logging.getLogger(__name__)

LOAD_AGAIN = 60.0  # seconds after a model could not be loaded


class Model(Protocol):
    """What the service needs of gallery.clip.model.ClipModel."""

    model_id: str
    dim: int
    logit_scale: float
    label_template: str

    @property
    def image_size(self) -> int: ...

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor: ...

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor: ...


@dataclass(frozen=True)
class Limits:
    """What one request may ask for, and how much is worked on at once."""

    max_body: int = 64 * 1024 * 1024  # bytes
    max_pixels: int = 80_000_000
    max_texts: int = 256  # a request
    max_characters: int = 2000  # a text
    max_batch: int = 16  # pictures or texts in one go through the model
    decoding: int = 2  # pictures decoded at the same time: each may need pixels * 3 bytes, several times


class Refusal(Exception):
    """This request gets an error as its answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Encoder:
    """A model, as long as it is loaded, and the batches on their way through it.

    Each has a thread of its own for all of its torch, so that searches with one model do not wait for
    pictures that go through another. `failed` is called with what ended it: an exception while it loads
    leaves it unusable until somebody asks again; outside of loading and of single batches none is expected.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], Model],
        *,
        limits: Limits,
        decoding: asyncio.Semaphore,
        failed: Callable[["Encoder", BaseException], None],
    ) -> None:
        self.name = name
        self.model: Model | None = None
        self.trouble: Exception | None = None  # why it could not be loaded
        self.asked_at = 0.0  # time.monotonic()
        self._load = load
        self._failed = failed
        self._failed_at = 0.0
        self._max_pixels = limits.max_pixels
        self._decoding = decoding
        self._task: asyncio.Task[None] | None = None
        self._torch = ThreadPoolExecutor(1, "torch")
        self._texts: MicroBatcher[str, np.ndarray] = MicroBatcher(
            self._encode_texts, self._torch, max_batch=limits.max_batch
        )
        self._images: MicroBatcher[Image.Image, np.ndarray] = MicroBatcher(
            self._encode_images, self._torch, max_batch=limits.max_batch
        )

    @property
    def state(self) -> str:
        """ok, loading, idle; unusable: its weights are missing or damaged; failed: it did not load."""
        if self.model is not None:
            return "ok"
        if self._task is not None:
            return "loading"
        if self.trouble is not None:
            return "unusable" if isinstance(self.trouble, WeightsError) else "failed"
        return "idle"

    @property
    def waiting(self) -> int:
        return self._texts.waiting + self._images.waiting

    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = {"name": self.name, "status": self.state}
        if self.model is not None:
            report |= {
                "model_id": self.model.model_id,
                "dim": self.model.dim,
                "logit_scale": self.model.logit_scale,
                "image_size": self.model.image_size,
                "waiting": self.waiting,
            }
        elif self.trouble is not None and self._task is None:
            report["error"] = str(self.trouble) or type(self.trouble).__name__
        return report

    def want(self) -> None:
        """Somebody asks for this model: loads it unless it is there, or could not be loaded just now."""
        self.asked_at = time.monotonic()
        if self._task is None and (self.trouble is None or self.asked_at - self._failed_at > LOAD_AGAIN):
            self._task = asyncio.create_task(self._run())

    def let_go(self) -> None:
        """Frees its memory until somebody asks again."""
        if self._task is not None:
            self._task.cancel()
        self._task, self.model = None, None
        gc.collect()
        logger.info("Model %s was let go", self.name)

    def ready(self) -> Model:
        self.want()
        if self.model is not None:
            return self.model
        if self.state == "loading":
            raise Refusal(503, "The model is still loading.")
        raise Refusal(503, f"The model {self.name} cannot be loaded: {self.trouble}")

    async def encode_texts(self, texts: list[str]) -> np.ndarray:
        """(N, D)."""
        return np.stack(await asyncio.gather(*(self._texts.submit(text) for text in texts)))

    async def encode_image(self, content: bytes) -> np.ndarray:
        """(1, D)."""
        async with self._decoding:
            picture = await asyncio.to_thread(self._decode, content)
        return (await self._images.submit(picture))[np.newaxis]

    async def _run(self) -> None:
        """Loads the model, then works until cancelled."""
        try:
            self.model = await asyncio.get_running_loop().run_in_executor(self._torch, self._load)
        except Exception as error:  # noqa: BLE001 — kept for whoever asks, and told to the service
            self.trouble, self._failed_at, self._task = error, time.monotonic(), None
            self._failed(self, error)
            return
        self.trouble = None
        logger.info("Model %s is ready", self.model.model_id)
        try:
            await asyncio.gather(self._texts.run(), self._images.run())
        except Exception as error:  # noqa: BLE001 — the same
            self._failed(self, error)

    def _decode(self, content: bytes) -> Image.Image:
        try:
            return pixels.clean_pixels(io.BytesIO(content), max_pixels=self._max_pixels)
        except pixels.TooManyPixels:
            raise Refusal(413, f"More than {self._max_pixels} pixels.") from None
        except pixels.PictureError as error:
            raise Refusal(400, f"Not a picture that can be decoded ({type(error).__name__}).") from None

    def _encode_texts(self, texts: list[str]) -> np.ndarray:
        with torch.inference_mode():
            return self._loaded().encode_text(texts).float().cpu().numpy()

    def _encode_images(self, pictures: list[Image.Image]) -> np.ndarray:
        with torch.inference_mode():
            return self._loaded().encode_images(pictures).float().cpu().numpy()

    def _loaded(self) -> Model:
        if self.model is None:
            raise Refusal(503, "The model was let go.")
        return self.model
