"""Client of the encoder service: words and pictures in, unit vectors out. No torch on this side."""

import functools
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from django.conf import settings
from django.utils.translation import gettext_noop

from gallery.models import EncodingModel, serving_model

CONNECT_TIMEOUT = 3.0  # seconds
HEALTH_TIMEOUT = 3.0
NOT_READY = gettext_noop("The model is not ready yet.")  # why a picture waits that nothing is wrong with


class EncoderUnavailable(Exception):
    """The encoder was not reached, or it does not have the model (yet). Worth another try later."""


class EncoderFailed(Exception):
    """The encoder was reached and gave no answer for this input: an error, or silence."""


class EncoderRefused(Exception):
    """The encoder says that this input cannot be encoded."""


FIRST = EncodingModel()  # whichever the encoder has as its first


@dataclass(frozen=True)
class Encoded:
    """Vectors of one model: (N, D) float32 rows of length 1."""

    vectors: np.ndarray
    model_id: str
    logit_scale: float


def encode_texts(
    texts: Sequence[str], *, as_labels: bool = False, model: EncodingModel | None = None
) -> Encoded:
    """One vector a text, of the serving model unless another is given. `as_labels`: each text is put into the
    model's sentence for labels first.

    Raises EncoderUnavailable, EncoderFailed or EncoderRefused.
    """
    wanted = {"texts": list(texts), "as_labels": as_labels}
    return _vectors("/texts", model or serving_model(), json=wanted)


def encode_image(
    content: bytes, *, model: EncodingModel | None = None, timeout: float | None = None
) -> Encoded:
    """The vector, (1, D), of one encoded picture. Raises as encode_texts().

    Waits twice as long as for words: nobody looks at a page meanwhile, and many may come at once.
    """
    timeout = timeout or 2 * settings.ENCODER_TIMEOUT
    return _vectors("/images", model or serving_model(), content=content, timeout=timeout)


def health(name: str = "") -> dict[str, Any]:
    """What the encoder says of itself, also while it loads, and of the model of this name, which it loads if
    need be. Raises EncoderUnavailable or EncoderFailed."""
    named = {"model": name} if name else {}
    response = _request("GET", "/health", params=named, timeout=HEALTH_TIMEOUT)
    try:
        return response.json()
    except ValueError as error:
        raise EncoderFailed("An answer that is no encoder's") from error


def has(model: EncodingModel) -> bool:
    """Whether the encoder is there and has exactly this model loaded; asking makes it load it."""
    try:
        return health(model.name).get("model_id") == model.model_id
    except (EncoderUnavailable, EncoderFailed):
        return False


def _vectors(path: str, model: EncodingModel | None, **content: Any) -> Encoded:
    """Of exactly this model: an encoder that has another one under its name is as good as away."""
    named = {"model": model.name} if model and model.name else {}
    encoded = _encoded(_send("POST", path, params=named, **content))
    if model and model.name and encoded.model_id != model.model_id:
        raise EncoderUnavailable(f"{model.name} is {encoded.model_id} now, and not {model.model_id}.")
    return encoded


def _send(method: str, path: str, **content: Any) -> httpx.Response:
    response = _request(method, path, **content)
    if response.status_code in {httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.NOT_FOUND}:
        raise EncoderUnavailable(_reason(response))
    if response.is_client_error:
        raise EncoderRefused(_reason(response))
    if not response.is_success:
        raise EncoderFailed(_reason(response))
    return response


def _request(method: str, path: str, **content: Any) -> httpx.Response:
    client = _client(settings.ENCODER_URL, settings.ENCODER_TIMEOUT, os.getpid())
    try:
        return client.request(method, path, **content)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise EncoderUnavailable(f"Not reached: {error}") from error
    except httpx.TransportError as error:
        raise EncoderFailed(f"{type(error).__name__}: {error}") from error


@functools.lru_cache(maxsize=4)
def _client(url: str, timeout: float, pid: int) -> httpx.Client:
    """One client a process (`pid` keeps a forked worker from using its parent's).

    Connections are not kept: a new one costs little on a socket or a local network, and the first request
    after a restart of the encoder never meets a dead one.
    """
    limits = httpx.Limits(max_keepalive_connections=0)
    timeouts = httpx.Timeout(timeout, connect=CONNECT_TIMEOUT)
    if url.startswith("unix://"):
        transport = httpx.HTTPTransport(uds=url.removeprefix("unix://"), limits=limits, verify=False)
        return httpx.Client(transport=transport, base_url="http://encoder", timeout=timeouts)
    return httpx.Client(base_url=url, limits=limits, timeout=timeouts, trust_env=False)


def _encoded(response: httpx.Response) -> Encoded:
    try:
        vectors = np.load(io.BytesIO(response.content), allow_pickle=False)
        return Encoded(
            vectors=vectors.astype(np.float32, copy=False),
            model_id=response.headers["X-Model-Id"],
            logit_scale=float(response.headers["X-Logit-Scale"]),
        )
    except (ValueError, KeyError, EOFError) as error:
        raise EncoderFailed(f"An answer that is no encoder's: {error}") from error


def _reason(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"])[:300]
    except (ValueError, KeyError, TypeError):
        return f"HTTP status {response.status_code}"
