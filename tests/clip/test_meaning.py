"""The shipped pack on real pictures: what it is for must work, not only its shapes."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gallery.clip.model import ClipConfig, load_clip
from gallery.clip.zeroshot import probabilities

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "gallery" / "demo"


@pytest.fixture(scope="module")
def model():
    return load_clip(ClipConfig("mini", "", ROOT / "weights" / "mini" / "clip"))


@pytest.fixture(scope="module")
def pictures(model):
    rows = json.loads((DEMO / "pictures.json").read_text(encoding="utf-8"))
    images = []
    for row in rows:
        with Image.open(DEMO / row["file"]) as picture:
            images.append(picture.convert("RGB"))
    return [row["file"] for row in rows], [row["label"] for row in rows], model.encode_images(images).numpy()


@pytest.mark.parametrize(
    ("query", "file"),
    [
        ("a red heart", "red-heart.png"),
        ("a slice of pizza", "pizza.png"),
        ("a strawberry", "strawberry.webp"),
        ("an owl", "owl.webp"),
        ("a butterfly", "butterfly.jpg"),
        ("rainbow", "rainbow.webp"),
        ("the flag of Sweden", "swedish-flag.png"),
    ],
)
def test_a_search_finds_the_right_demo_picture_first(model, pictures, query, file):
    files, _, vectors = pictures
    similarity = vectors @ model.encode_text([query])[0].numpy()
    assert files[int(similarity.argmax())] == file


def test_a_search_finds_the_photographed_and_the_drawn_cat_before_all_others(model, pictures):
    files, _, vectors = pictures
    similarity = vectors @ model.encode_text(["a yellow cat face"])[0].numpy()
    assert {files[place] for place in similarity.argsort()[-2:]} == {"chelsea.jpg", "yellow-cat.png"}


def test_most_demo_pictures_get_their_own_label_among_all_labels(model, pictures):
    _, labels, vectors = pictures
    texts = model.encode_text([model.label_template.format(label) for label in labels]).numpy()
    odds = probabilities(vectors, texts, model.logit_scale)
    right = (odds.argmax(axis=1) == np.arange(len(labels))).mean()
    assert right >= 0.5  # chance is one in thirty


def test_coloured_circles_are_mostly_closest_to_their_colour_words(model):
    fill = {"red": (220, 30, 30), "green": (30, 160, 50), "blue": (30, 70, 220), "yellow": (250, 215, 40)}
    circles = []
    for colour in fill.values():
        circle = Image.new("RGB", (200, 200), "white")
        ImageDraw.Draw(circle).ellipse((40, 40, 160, 160), fill=colour)
        circles.append(circle)
    texts = model.encode_text([f"a {name} circle" for name in fill]).numpy()
    similarity = model.encode_images(circles).numpy() @ texts.T  # (4 circles, 4 words)
    assert (similarity.argmax(axis=1) == np.arange(4)).sum() >= 3  # chance is one


def test_transparency_is_seen_on_white(model):
    drawn = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    drawn.paste((220, 30, 30, 255), (40, 40, 160, 160))
    opaque = Image.new("RGB", (200, 200), "white")
    opaque.paste((220, 30, 30), (40, 40, 160, 160))
    vectors = model.encode_images([drawn, opaque]).numpy()
    assert np.allclose(vectors[0], vectors[1], atol=1e-5)
