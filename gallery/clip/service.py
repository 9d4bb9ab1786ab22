"""The encoder: CLIP models kept warm behind a small HTTP interface. Knows no Django.

    python -m gallery.clip.service --socket var/run/encoder.sock

    POST /texts   {"texts": [str, …], "as_labels": bool}  → .npy, (N, D) float32 unit rows
    POST /images  one encoded picture                     → .npy, (1, D) float32 unit row
    GET  /health  → {"status": "loading" | "ok" | …, "models": […], …}; 503 unless it is ok

One model is enough, except while pictures move from one to another: `?model=name` says which of several is
meant. The first is loaded at once, the others when they are asked for; one that nobody has asked for in a
quarter of an hour is let go.

Vectors come with the headers X-Model-Id and X-Logit-Scale. Errors are {"error": "…"} with status 400 (the
input), 404 (the model), 413 (too large) or 503 (loading, or too much waiting; worth another try).
"""

import argparse
import asyncio
import contextlib
import io
import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gallery import pixels
from gallery.clip.batching import Overloaded
from gallery.clip.encoder import Encoder, Limits, Model, Refusal
from gallery.clip.model import WeightsError, load_clip, parse_name
from gallery.clip.precision import PRECISIONS
from gallery.clip.prompts import fill

logger = logging.getLogger(__name__)

NPY = "application/x-npy"
IDLE = 15 * 60.0  # seconds
PATIENCE = 10.0  # seconds
LOOK_EVERY = 30.0  # seconds


class Shelf:
    """The models of one encoder by their names; the first is the one for those who name none."""

    def __init__(
        self,
        loaders: Mapping[str, Callable[[], Model]],
        limits: Limits,
        failed: Callable[[BaseException], None],
    ) -> None:
        self.limits = limits
        self._end = failed
        decoding = asyncio.Semaphore(limits.decoding)
        self.encoders = {
            name: Encoder(name, load, limits=limits, decoding=decoding, failed=self._failed)
            for name, load in loaders.items()
        }
        self.first = next(iter(self.encoders.values()))

    def named(self, name: str) -> Encoder:
        if not name:
            return self.first
        if name not in self.encoders:
            raise Refusal(404, f"This encoder was not given the model {name}.")
        return self.encoders[name]

    async def let_go_idle(self) -> None:
        """Frees models that nobody asks for, as the earlier one after a change. Works until cancelled."""
        while len(self.encoders) > 1:
            await asyncio.sleep(LOOK_EVERY)
            for encoder in self.encoders.values():
                if encoder.model is not None and time.monotonic() - encoder.asked_at > IDLE:
                    encoder.let_go()

    def _failed(self, encoder: Encoder, error: BaseException) -> None:
        """One that cannot be loaded leaves the others at work; one that breaks down ends the process."""
        logger.error("The model %s: %s", encoder.name, error)
        if encoder.model is not None or all(other.trouble for other in self.encoders.values()):
            self._end(error)
        else:
            asyncio.get_running_loop().call_later(PATIENCE, self._end_unless_used, error)

    def _end_unless_used(self, error: BaseException) -> None:
        """Nobody has asked for another one: then the one that failed is the one that is wanted."""
        if not any(encoder.state in {"ok", "loading"} for encoder in self.encoders.values()):
            self._end(error)


def create_app(
    loaders: Mapping[str, Callable[[], Model]], *, limits: Limits, failed: Callable[[BaseException], None]
) -> Starlette:
    """The application. `failed` is called if no model can be loaded, or one's batches break down."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        shelf = app.state.shelf = Shelf(loaders, limits, failed)
        shelf.first.want()
        task = asyncio.create_task(shelf.let_go_idle())
        yield
        task.cancel()

    return Starlette(
        routes=[
            Route("/texts", _answering(texts), methods=["POST"]),
            Route("/images", _answering(images), methods=["POST"]),
            Route("/health", _answering(health)),
        ],
        lifespan=lifespan,
    )


def _asked(request: Request) -> Encoder:
    shelf: Shelf = request.app.state.shelf
    return shelf.named(request.query_params.get("model", ""))


async def texts(request: Request) -> Response:
    limits: Limits = request.app.state.shelf.limits
    encoder = _asked(request)
    model = encoder.ready()
    wanted, as_labels = _read_texts(await _body(request, 4 * 1024 * 1024), limits)
    if as_labels:
        wanted = [fill(model.label_template, text) for text in wanted]
    return _npy(await encoder.encode_texts(wanted), model)


async def images(request: Request) -> Response:
    encoder = _asked(request)
    model = encoder.ready()
    content = await _body(request, request.app.state.shelf.limits.max_body)
    if not content:
        raise Refusal(400, "The body is empty.")
    return _npy(await encoder.encode_image(content), model)


async def health(request: Request) -> Response:
    """Of the model that is asked for, which is loaded if need be, and in `models` of all. Asking for none
    only looks."""
    shelf: Shelf = request.app.state.shelf
    encoder = _asked(request)
    if request.query_params.get("model"):
        encoder.want()
    report = encoder.report() | {
        "pid": os.getpid(),
        "models": [each.report() for each in shelf.encoders.values()],
    }
    return JSONResponse(report, status_code=200 if encoder.state == "ok" else 503)


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
    parser.add_argument(
        "--model", default="mini", help="mini, mini-quick or an open_clip model (default: %(default)s)"
    )
    parser.add_argument("--pretrained", default="", help="open_clip's tag, or a file")
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="MODEL[/PRETRAINED]",
        help="another model to have at hand, as the one that pictures move away from; may be repeated",
    )
    parser.add_argument("--pack-dir", type=Path, default=Path("weights/mini/clip"), help="folder of mini")
    parser.add_argument("--device", default="cpu", help="torch device (default: %(default)s)")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="in which pictures are seen; auto is bf16 for transformers on processors that multiply in it",
    )
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
    first = "/".join(filter(None, (options.model, options.pretrained)))
    named = partial(parse_name, pack_dir=options.pack_dir, device=options.device, precision=options.precision)
    return serve(
        {name: partial(load_clip, named(name)) for name in (first, *options.also)},
        limits=Limits(max_body=options.max_bytes, max_pixels=options.max_pixels),
        socket=options.socket,
        address=(options.host, options.port),
    )


def serve(
    loaders: Mapping[str, Callable[[], Model]],
    *,
    limits: Limits,
    socket: Path | None,
    address: tuple[str, int | None],
) -> int:
    """Serves until a signal comes. Returns the exit status: EX_CONFIG when no other try can help."""
    failures: list[BaseException] = []

    def failed(error: BaseException) -> None:
        failures.append(error)
        server.should_exit = True

    app = create_app(loaders, limits=limits, failed=failed)
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
