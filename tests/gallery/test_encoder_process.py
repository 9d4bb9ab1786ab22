"""The encoder as it really runs: its own process, with the pack of models that ships with the repository."""

import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings as project_settings

from gallery import encoder_client
from gallery.clip.zeroshot import probabilities
from gallery.encoder_client import FIRST, EncoderFailed, EncoderUnavailable
from tests.gallery.conftest import wait_for
from tests.gallery.drawing import encoded, noise

encode_texts = partial(encoder_client.encode_texts, model=FIRST)
encode_image = partial(encoder_client.encode_image, model=FIRST)
SLOW = 300  # seconds: importing torch takes 5, and much longer on a machine that is busy
PACK = project_settings.WEIGHTS_DIR / "mini" / "clip"
DEMO = project_settings.BASE_DIR / "gallery" / "demo"


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gallery.clip.service", *map(str, arguments)],
        cwd=project_settings.BASE_DIR,
        env={**os.environ, "PYTHONPATH": str(project_settings.BASE_DIR)},
        stderr=subprocess.PIPE,
        text=True,
    )


def ending_of(*arguments: object) -> tuple[int, str]:
    """Exit status and stderr of an encoder that ends by itself."""
    process = start(*arguments)
    try:
        _, errors = process.communicate(timeout=SLOW)
    finally:
        process.kill()
    return process.returncode, errors


def is_ready() -> bool:
    try:
        return encoder_client.health()["status"] == "ok"
    except (EncoderUnavailable, EncoderFailed):
        return False


@pytest.fixture(scope="module")
def socket():
    """A running encoder with the shipped pack. Without the pack this fails: it is part of the repository."""
    folder = Path(tempfile.mkdtemp(prefix="clipweb-"))
    path = folder / "encoder.sock"
    process = start("--socket", path, "--pack-dir", PACK, "--threads", 1)
    yield path, process
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode in {0, -15}


@pytest.fixture
def shipped(socket, settings):
    path, process = socket
    settings.ENCODER_URL = f"unix://{path}"
    wait_for(lambda: process.poll() is not None or is_ready(), seconds=SLOW)
    assert process.poll() is None, process.stderr.read()


def test_it_is_ready_with_the_shipped_pack(shipped):
    health = encoder_client.health()
    assert health["model_id"].startswith("mini-")
    assert health["dim"] >= 64


def test_it_understands_words_and_pictures(shipped):
    """Which of the demo's captions fits which picture: far better than chance."""
    files = {
        "red-heart.png": "a red heart",
        "tropical-fish.png": "a tropical fish",
        "pizza.png": "a slice of pizza",
        "violin.png": "a violin",
        "sailboat.png": "a sailing boat",
    }
    pictures = np.concatenate([encode_image((DEMO / file).read_bytes()).vectors for file in files])
    words = encode_texts(list(files.values()))
    assert np.linalg.norm(pictures, axis=1) == pytest.approx(np.ones(5), abs=1e-4)
    best = probabilities(pictures, words.vectors, words.logit_scale).argmax(axis=1)
    assert (best == np.arange(5)).sum() >= 4


def test_the_same_picture_has_the_same_vector_alone_and_in_company(shipped):
    content = encoded(noise(200, 200))
    alone = encode_image(content).vectors
    again = encode_image(content).vectors
    assert alone == pytest.approx(again, abs=1e-5)


def test_missing_weights_end_it_with_what_to_do(tmp_path):
    status, errors = ending_of("--socket", tmp_path / "e.sock", "--pack-dir", tmp_path / "nothing")
    assert status == os.EX_CONFIG  # for the supervisor: trying again will not help
    assert "make pack" in errors
    assert "Traceback" not in errors


def test_an_unknown_model_ends_it_with_what_to_do(tmp_path):
    status, errors = ending_of("--socket", tmp_path / "e.sock", "--model", "ViT-Z-99")
    assert status == os.EX_CONFIG  # for the supervisor: trying again will not help
    assert "ViT-Z-99" in errors
    assert "Traceback" not in errors


def test_it_listens_somewhere_or_says_so():
    status, errors = ending_of()
    assert status == 2
    assert "--socket" in errors
