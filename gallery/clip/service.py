"""The encoder: one CLIP model kept warm behind a small HTTP interface. Knows no Django.

    python -m gallery.clip.service --socket var/run/encoder.sock

    POST /texts   {"texts": [str, …], "as_labels": bool}  → .npy, (N, D) float32 unit rows
    POST /images  one encoded picture                     → .npy, (1, D) float32 unit row
    GET  /health  → {"status": "loading" | "ok", …}; 503 while loading

Vectors come with the headers X-Model-Id and X-Logit-Scale. Errors are {"error": "…"} with status 400 (the
input), 413 (too large) or 503 (loading, or too much waiting; worth another try).
"""

import argparse
import asyncio
import contextlib
import io
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gallery import pixels
from gallery.clip.batching import MicroBatcher, Overloaded
from gallery.clip.model import ClipConfig, WeightsError, load_clip
from gallery.clip.prompts import fill

logger = logging.getLogger(__name__)

NPY = "application/x-npy"


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
    """The model, once it is loaded, and the batches on their way through it."""

    def __init__(self, load: Callable[[], Model], limits: Limits) -> None:
        self.limits = limits
        self.model: Model | None = None
        self._load = load
        self._torch = ThreadPoolExecutor(1, "torch")  # all of torch happens in this one thread
        self._decoding = asyncio.Semaphore(limits.decoding)
        self._texts: MicroBatcher[str, np.ndarray] = MicroBatcher(
            self._encode_texts, self._torch, max_batch=limits.max_batch
        )
        self._images: MicroBatcher[Image.Image, np.ndarray] = MicroBatcher(
            self._encode_images, self._torch, max_batch=limits.max_batch
        )

    async def run(self) -> None:
        """Loads the model, then works until cancelled. Raises WeightsError."""
        self.model = await asyncio.get_running_loop().run_in_executor(self._torch, self._load)
        logger.info("Model %s is ready", self.model.model_id)
        await asyncio.gather(self._texts.run(), self._images.run())

    def ready(self) -> Model:
        if self.model is None:
            raise Refusal(503, "The model is still loading.")
        return self.model

    async def encode_texts(self, texts: list[str]) -> np.ndarray:
        """(N, D)."""
        return np.stack(await asyncio.gather(*(self._texts.submit(text) for text in texts)))

    async def encode_image(self, content: bytes) -> np.ndarray:
        """(1, D)."""
        async with self._decoding:
            picture = await asyncio.to_thread(self._decode, content)
        return (await self._images.submit(picture))[np.newaxis]

    @property
    def waiting(self) -> int:
        return self._texts.waiting + self._images.waiting

    def _decode(self, content: bytes) -> Image.Image:
        try:
            return pixels.clean_pixels(io.BytesIO(content), max_pixels=self.limits.max_pixels)
        except pixels.TooManyPixels:
            raise Refusal(413, f"More than {self.limits.max_pixels} pixels.") from None
        except pixels.PictureError as error:
            raise Refusal(400, f"Not a picture that can be decoded ({type(error).__name__}).") from None

    def _encode_texts(self, texts: list[str]) -> np.ndarray:
        with torch.inference_mode():
            return self.ready().encode_text(texts).float().cpu().numpy()

    def _encode_images(self, pictures: list[Image.Image]) -> np.ndarray:
        with torch.inference_mode():
            return self.ready().encode_images(pictures).float().cpu().numpy()


def create_app(
    load: Callable[[], Model], *, limits: Limits, failed: Callable[[BaseException], None]
) -> Starlette:
    """The application. `failed` is called, once, if the model cannot be loaded or its batches break down."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.encoder = Encoder(load, limits)
        task = asyncio.create_task(app.state.encoder.run())

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()):
                failed(error)

        task.add_done_callback(ended)
        yield
        task.cancel()

    return Starlette(
        routes=[
            Route("/texts", _answering(texts), methods=["POST"]),
            Route("/images", _answering(images), methods=["POST"]),
            Route("/health", health),
        ],
        lifespan=lifespan,
    )


async def texts(request: Request) -> Response:
    encoder: Encoder = request.app.state.encoder
    model = encoder.ready()
    wanted, as_labels = _read_texts(await _body(request, 4 * 1024 * 1024), encoder.limits)
    if as_labels:
        wanted = [fill(model.label_template, text) for text in wanted]
    return _npy(await encoder.encode_texts(wanted), model)


async def images(request: Request) -> Response:
    encoder: Encoder = request.app.state.encoder
    model = encoder.ready()
    content = await _body(request, encoder.limits.max_body)
    if not content:
        raise Refusal(400, "The body is empty.")
    return _npy(await encoder.encode_image(content), model)


async def health(request: Request) -> Response:
    encoder: Encoder = request.app.state.encoder
    if encoder.model is None:
        return JSONResponse({"status": "loading", "pid": os.getpid()}, status_code=503)
    model = encoder.model
    return JSONResponse(
        {
            "status": "ok",
            "pid": os.getpid(),
            "model_id": model.model_id,
            "dim": model.dim,
            "logit_scale": model.logit_scale,
            "image_size": model.image_size,
            "waiting": encoder.waiting,
        }
    )


def _answering(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The handler, with refusals and failures as JSON."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return JSONResponse({"error": refusal.reason}, status_code=refusal.status)
        except Overloaded:
            return JSONResponse({"error": "Too much is waiting."}, status_code=503)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception:
            logger.exception("The model failed")
            return JSONResponse({"error": "The model failed; see the encoder's log."}, status_code=500)

    return handle


async def _body(request: Request, limit: int) -> bytes:
    """The whole body; reading stops where it gets too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refusal(413, f"More than {limit} bytes.")
    return bytes(body)


def _read_texts(body: bytes, limits: Limits) -> tuple[list[str], bool]:
    try:
        content = json.loads(body)
    except ValueError:
        raise Refusal(400, "The body is not JSON.") from None
    wanted = content.get("texts") if isinstance(content, dict) else None
    if not isinstance(wanted, list) or not wanted or not all(isinstance(text, str) for text in wanted):
        raise Refusal(400, 'Send {"texts": ["…", …]}.')
    if len(wanted) > limits.max_texts:
        raise Refusal(400, f"More than {limits.max_texts} texts.")
    if any(len(text) > limits.max_characters for text in wanted):
        raise Refusal(400, f"A text has more than {limits.max_characters} characters.")
    return wanted, bool(content.get("as_labels", False))


def _npy(vectors: np.ndarray, model: Model) -> Response:
    content = io.BytesIO()
    np.save(content, vectors.astype("<f4"), allow_pickle=False)
    headers = {"X-Model-Id": model.model_id, "X-Logit-Scale": repr(model.logit_scale)}
    return Response(content.getvalue(), media_type=NPY, headers=headers)


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gallery.clip.service")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--socket", type=Path, help="unix socket to listen on")
    place.add_argument("--port", type=int, help="TCP port to listen on")
    parser.add_argument("--host", default="127.0.0.1", help="address for --port (default: %(default)s)")
    parser.add_argument("--model", default="mini", help="mini, or an open_clip model (default: %(default)s)")
    parser.add_argument("--pretrained", default="", help="open_clip's tag, or a file")
    parser.add_argument("--pack-dir", type=Path, default=Path("weights/mini/clip"), help="folder of mini")
    parser.add_argument("--device", default="cpu", help="torch device (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="torch threads (default: torch's choice)")
    parser.add_argument("--max-bytes", type=int, default=Limits.max_body, help="of one picture's file")
    parser.add_argument("--max-pixels", type=int, default=Limits.max_pixels, help="of one picture")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_arguments(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if options.threads:
        torch.set_num_threads(options.threads)
    pixels.prepare_pillow(options.max_pixels)
    config = ClipConfig(options.model, options.pretrained, options.pack_dir, options.device)
    return serve(
        lambda: load_clip(config),
        limits=Limits(max_body=options.max_bytes, max_pixels=options.max_pixels),
        socket=options.socket,
        address=(options.host, options.port),
    )


def serve(
    load: Callable[[], Model], *, limits: Limits, socket: Path | None, address: tuple[str, int | None]
) -> int:
    """Serves until a signal comes. Returns the exit status: EX_CONFIG when no other try can help."""
    failures: list[BaseException] = []

    def failed(error: BaseException) -> None:
        failures.append(error)
        server.should_exit = True

    app = create_app(load, limits=limits, failed=failed)
    listen: dict[str, Any] = {"uds": str(socket)} if socket else {"host": address[0], "port": address[1]}
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", **listen))
    server.run()
    for error in failures:
        if isinstance(error, WeightsError):
            logger.error("%s", error)
        else:
            logger.error("The encoder broke down", exc_info=error)
    if any(isinstance(error, WeightsError) for error in failures):
        return os.EX_CONFIG
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
