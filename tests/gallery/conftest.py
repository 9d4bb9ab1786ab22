import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import uvicorn
from django.utils import timezone

from gallery.clip.service import Limits, create_app
from gallery.embedding import store_vector
from gallery.index import forget_indexes
from gallery.models import Background, Image, User
from gallery.uploads import store_image
from tests.gallery.colour_model import MODEL_ID, ColourModel, GreyModel, direction
from tests.gallery.drawing import png


@pytest.fixture(autouse=True)
def indexes_of_this_test_alone() -> Iterator[None]:
    forget_indexes()
    yield
    forget_indexes()


@pytest.fixture
def store(db) -> Callable[..., Image]:
    """Stores a new picture of noise, each time another one."""
    seeds = iter(range(1000, 10_000))

    def store(owner: User, *, public: bool = False, **fields: object) -> Image:
        visibility = Image.Visibility.PUBLIC if public else Image.Visibility.PRIVATE
        return store_image(owner=owner, file=png(seed=next(seeds)), visibility=visibility, **fields)

    return store


@pytest.fixture
def embed() -> Callable[..., None]:
    """Gives a picture the vector of a colour (red, green, blue), which makes it ready."""

    def embed(image: Image, *colour: float, model_id: str = MODEL_ID) -> np.ndarray:
        vector = direction(colour)
        assert store_vector(image=image, model_id=model_id, vector=vector) is not None
        return vector

    return embed


class RunningEncoder:
    """The real service in a thread, on a socket of its own."""

    def __init__(self, folder: Path, model: ColourModel, limits: Limits) -> None:
        self.model = model
        self.trouble: Exception | None = None  # why it cannot be loaded
        self.next_model = GreyModel("greys")  # that pictures may move to, by the name "next"
        self.next_trouble: Exception | None = None
        self.socket = folder / "encoder.sock"
        self.url = f"unix://{self.socket}"
        self.may_load = threading.Event()
        self.failures: list[BaseException] = []
        loaders = {"colours": self._load, "next": self._load_next}
        app = create_app(loaders, limits=limits, failed=self.failures.append)
        self._server = uvicorn.Server(uvicorn.Config(app, uds=str(self.socket), log_level="warning"))
        self._thread = threading.Thread(target=self._server.run)

    def _load(self) -> ColourModel:
        self.may_load.wait()
        if self.trouble:
            raise self.trouble
        return self.model

    def _load_next(self) -> ColourModel:
        if self.next_trouble:
            raise self.next_trouble
        return self.next_model

    def start(self) -> None:
        self._thread.start()
        wait_for(lambda: self._server.started)

    def stop(self) -> None:
        self.may_load.set()
        self.model.gate.set()
        self._server.should_exit = True
        self._thread.join()

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket)), base_url="http://encoder")

    def wait_until_ready(self) -> None:
        with self.client() as client:
            wait_for(lambda: client.get("/health").status_code == 200)


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.005)


@pytest.fixture
def starting_encoder(settings) -> Iterator[RunningEncoder]:
    """An encoder that listens and has not loaded its model yet; the client of the app asks it."""
    folder = Path(tempfile.mkdtemp(prefix="clipweb-"))  # short: a socket's path has at most 107 bytes
    limits = Limits(max_body=2_000_000, max_pixels=1_000_000, max_texts=50, max_characters=400, max_batch=4)
    running = RunningEncoder(folder, ColourModel(), limits)
    settings.ENCODER_URL = running.url
    running.start()
    yield running
    running.stop()
    shutil.rmtree(folder)


@pytest.fixture
def encoder(starting_encoder: RunningEncoder) -> RunningEncoder:
    starting_encoder.may_load.set()
    starting_encoder.wait_until_ready()
    return starting_encoder


@pytest.fixture
def no_encoder(settings, tmp_path) -> None:
    settings.ENCODER_URL = f"unix://{tmp_path}/nobody.sock"


@pytest.fixture
def colour_background(db) -> Background:
    """What the model of colours makes of mixed ones: only what is purely of a colour stands out for it."""
    rng = np.random.default_rng(3)
    bank = np.stack([direction(colour) for colour in rng.uniform(0, 1, (60, 3))])
    return Background.objects.create(
        model_id=MODEL_ID,
        vectors=bank.astype("<f4").tobytes(),
        dim=4,
        spread=0.1,
        line=1.0,
        near=1.0,
        asked_at=timezone.now(),
        measured_at=timezone.now(),
    )
