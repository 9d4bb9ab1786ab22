"""The encoder's HTTP interface, over a real socket, with a model whose answers can be foreseen."""

import http.server
import io
import json
import socket
import socketserver
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import uvicorn

from gallery import encoder_client
from gallery.clip import service
from gallery.clip.checksums import WeightsError
from gallery.clip.service import Limits, create_app
from gallery.encoder_client import FIRST, EncoderFailed, EncoderRefused, EncoderUnavailable
from gallery.models import EncodingModel
from tests.gallery.colour_model import direction
from tests.gallery.conftest import wait_for
from tests.gallery.drawing import encoded, noise, plain

encode_texts = partial(encoder_client.encode_texts, model=FIRST)
encode_image = partial(encoder_client.encode_image, model=FIRST)
COLOURS = {
    "red": (1, 0, 0),
    "blue": (0, 0, 1),
    "yellow": (1, 1, 0),
    "white": (1, 1, 1),
    "black": (0, 0, 0),
    "cyan": (0, 1, 1),
    "magenta": (1, 0, 1),
    "lime": (0, 1, 0),
}


@pytest.fixture
def web(encoder):
    with encoder.client() as client:
        yield client


def test_texts_become_unit_rows(encoder):
    answer = encode_texts(["red", "blue"])
    assert answer.vectors == pytest.approx(np.stack([direction((1, 0, 0)), direction((0, 0, 1))]))
    assert answer.vectors.dtype == np.float32
    assert (answer.model_id, answer.logit_scale) == ("colours", 20.0)


def test_a_picture_becomes_a_unit_row(encoder):
    answer = encode_image(encoded(plain("yellow")))
    assert answer.vectors == pytest.approx(direction((1, 1, 0))[None], abs=1e-3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF"])
def test_every_kind_of_picture_is_read(encoder, kind):
    answer = encode_image(encoded(plain("blue"), kind))
    assert answer.vectors @ direction((0, 0, 1)) == pytest.approx([1], abs=0.01)


def test_more_texts_than_a_batch_come_back_in_order(encoder):
    texts = ["red", "green", "blue", "yellow", "white"] * 4
    answer = encode_texts(texts)
    assert np.array_equal(answer.vectors[:5], answer.vectors[15:])
    assert answer.vectors[0] == pytest.approx(direction((1, 0, 0)))
    assert max(len(batch) for batch in encoder.model.batches) <= 4


def test_the_answer_is_plain_npy(web):
    response = web.post("/texts", json={"texts": ["red"]})
    vectors = np.load(io.BytesIO(response.content), allow_pickle=False)
    assert (vectors.shape, vectors.dtype.str) == ((1, 4), "<f4")
    assert response.headers["X-Model-Id"] == "colours"


def test_requests_that_wait_together_go_through_the_model_together(encoder):
    encoder.model.gate.clear()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(encode_image, encoded(plain("red")))
        wait_for(lambda: encoder_client.health()["waiting"] == 0)
        threading.Event().wait(0.1)  # the first is with the model, the others arrive
        others = [pool.submit(encode_image, encoded(plain(color))) for color in COLOURS]
        wait_for(lambda: encoder_client.health()["waiting"] >= 4)
        encoder.model.gate.set()
        for color, future in zip(COLOURS, others, strict=True):
            assert future.result().vectors @ direction(COLOURS[color]) == pytest.approx([1], abs=0.01)
        first.result()
    sizes = [len(batch) for batch in encoder.model.batches]
    assert sum(sizes) == 9
    assert max(sizes) == 4
    assert len(sizes) <= 5


def test_words_do_not_wait_behind_all_the_pictures(encoder):
    with ThreadPoolExecutor(13) as pool:
        encoder.model.gate.clear()
        pictures = [pool.submit(encode_image, encoded(noise(seed=seed))) for seed in range(12)]
        wait_for(lambda: encoder_client.health()["waiting"] >= 7)
        words = pool.submit(encode_texts, ["red"])
        wait_for(lambda: encoder_client.health()["waiting"] >= 7)
        threading.Event().wait(0.1)
        encoder.model.gate.set()
        words.result()
        [picture.result() for picture in pictures]
    kinds = ["words" if batch == ["red"] else "pictures" for batch in encoder.model.batches]
    assert kinds.index("words") < len(kinds) - 1


def test_it_says_that_it_is_loading_until_it_is_ready(starting_encoder):
    with starting_encoder.client() as client:
        response = client.get("/health")
        assert (response.status_code, response.json()["status"]) == (503, "loading")
        assert client.post("/texts", json={"texts": ["red"]}).status_code == 503
        with pytest.raises(EncoderUnavailable, match="loading"):
            encode_texts(["red"])
        starting_encoder.may_load.set()
        starting_encoder.wait_until_ready()
        health = client.get("/health").json()
    assert health["status"] == "ok"
    assert {key: health[key] for key in ("model_id", "dim", "logit_scale", "image_size", "waiting")} == {
        "model_id": "colours",
        "dim": 4,
        "logit_scale": 20.0,
        "image_size": 8,
        "waiting": 0,
    }


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b"{}", b'{"texts": []}', b'{"texts": "red"}', b'{"texts": [1]}', b"\xff"]
)
def test_a_body_that_is_no_list_of_texts_is_refused(web, body):
    response = web.post("/texts", content=body)
    assert response.status_code == 400
    assert response.json()["error"]


def test_too_many_or_too_long_texts_are_refused(web):
    assert web.post("/texts", json={"texts": ["a"] * 51}).status_code == 400
    assert web.post("/texts", json={"texts": ["a" * 401]}).status_code == 400
    assert web.post("/texts", json={"texts": ["a" * 400] * 50}).status_code == 200


@pytest.mark.parametrize("content", [b"", b"text", encoded(noise(300, 300))[:2000]])
def test_what_is_no_picture_is_refused(web, content):
    response = web.post("/images", content=content)
    assert response.status_code == 400
    with pytest.raises(EncoderRefused):
        encode_image(content)


def test_too_large_bodies_and_pictures_are_refused(web):
    assert web.post("/images", content=b"\xff" * 2_000_001).status_code == 413
    assert web.post("/images", content=encoded(plain("red", 1001, 1000))).status_code == 413
    assert web.post("/texts", content=b" " * 5_000_000).status_code == 413


def test_a_failure_of_the_model_is_an_error_and_the_next_request_works(encoder):
    encode = encoder.model.encode_text

    def fail_once(texts):
        encoder.model.encode_text = encode
        raise RuntimeError("out of memory")

    encoder.model.encode_text = fail_once
    with pytest.raises(EncoderFailed, match="The model failed"):
        encode_texts(["red"])
    assert encode_texts(["red"]).vectors.shape == (1, 4)


def test_unknown_addresses_and_methods_are_refused(web):
    assert web.get("/nothing").status_code == 404
    assert web.get("/texts").status_code == 405


def test_nobody_there_is_unavailable(no_encoder):
    with pytest.raises(EncoderUnavailable):
        encode_texts(["red"])
    with pytest.raises(EncoderUnavailable):
        encoder_client.health()


def test_silence_is_a_failure(encoder, settings):
    settings.ENCODER_TIMEOUT = 0.2
    encoder.model.gate.clear()
    with pytest.raises(EncoderFailed, match="Timeout"):
        encode_texts(["red"])


def test_the_client_speaks_tcp_as_well(encoder, settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_app({"colours": lambda: encoder.model}, limits=Limits(), failed=lambda error: None)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    settings.ENCODER_URL = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: server.started)
        wait_for(lambda: encoder_client.health()["status"] == "ok")
        assert encode_texts(["red"]).vectors.shape == (1, 4)
    finally:
        server.should_exit = True
        thread.join()


def test_another_servers_answer_is_a_failure(settings):
    class Other(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps({"hello": "world"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with socketserver.TCPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.ENCODER_URL = f"http://127.0.0.1:{server.server_address[1]}"
        with pytest.raises(EncoderFailed, match="no encoder"):
            encode_texts(["red"])
        server.shutdown()


# Several models in one encoder


def test_each_model_answers_by_its_name(web):
    def width(query: str) -> int:
        return np.load(io.BytesIO(web.post(f"/texts{query}", json={"texts": ["red"]}).content)).shape[1]

    assert [report["name"] for report in web.get("/health").json()["models"]] == ["colours", "next"]
    assert web.get("/health?model=next").status_code == 503  # it is loaded from now on
    wait_for(lambda: web.get("/health?model=next").status_code == 200)
    assert (width(""), width("?model=colours"), width("?model=next")) == (4, 4, 2)


def test_a_model_that_it_was_not_given_is_not_found(web, encoder):
    assert web.post("/texts?model=other", json={"texts": ["red"]}).status_code == 404
    assert web.get("/health?model=other").json()["error"] == "This encoder was not given the model other."
    with pytest.raises(EncoderUnavailable, match="was not given"):
        encode_texts(["red"], model=EncodingModel(name="other"))


def test_words_for_one_model_do_not_wait_for_another(web, encoder):
    wait_for(lambda: web.get("/health?model=next").status_code == 200)
    encoder.next_model.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(web.post, "/images?model=next", content=encoded(plain("red")))
        assert encode_texts(["red"]).vectors.shape == (1, 4)
        assert not waiting.done()
        encoder.next_model.gate.set()
        assert waiting.result().status_code == 200


def test_a_second_model_that_cannot_be_loaded_leaves_the_first_at_work(web, encoder):
    encoder.next_trouble = MemoryError("no room")
    wait_for(lambda: web.get("/health?model=next").json()["status"] == "failed")
    assert web.post("/texts?model=next", json={"texts": ["red"]}).json()["error"].endswith("no room")
    assert web.post("/texts", json={"texts": ["red"]}).status_code == 200
    assert encoder.failures == []


@pytest.fixture
def impatient(monkeypatch):
    """Before the encoder starts."""
    monkeypatch.setattr(service, "IDLE", 0.2)
    monkeypatch.setattr(service, "LOOK_EVERY", 0.05)


def test_a_model_that_nobody_asks_for_is_let_go_and_comes_back(impatient, starting_encoder):
    with starting_encoder.client() as web:
        wait_for(lambda: web.get("/health?model=next").status_code == 200)
        wait_for(lambda: web.get("/health").json()["models"][1]["status"] == "idle")
        wait_for(lambda: web.get("/health?model=next").status_code == 200)


def test_another_model_under_the_same_name_is_as_good_as_none(encoder):
    with pytest.raises(EncoderUnavailable, match="colours is colours now, and not colours-1"):
        encode_texts(["red"], model=EncodingModel(name="colours", model_id="colours-1"))


def test_an_encoder_whose_first_model_fails_ends_unless_another_is_used(starting_encoder, monkeypatch):
    monkeypatch.setattr(service, "PATIENCE", 0.1)
    starting_encoder.trouble = WeightsError("missing")
    starting_encoder.may_load.set()
    wait_for(lambda: len(starting_encoder.failures) == 1)
    assert str(starting_encoder.failures[0]) == "missing"
