"""The relevance line, the words of pictures, mixed queries, “none of these” and what is seen in a picture,
with the shipped pack on the demo gallery."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import relevance_searches
from gallery import relevance
from gallery.background import CAPTIONS, shipped_pictures
from gallery.clip.model import ClipConfig, load_clip
from gallery.clip.prompts import fill
from gallery.clip.zeroshot import probabilities
from gallery.index.ranking import SHOWN_SHARE
from gallery.label_words import VOCABULARY
from gallery.query import parse
from gallery.seen import LEAST
from tests.clip import held_back

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "gallery" / "demo"
# None of these is among the captions that the line is measured with.
ABSURD = [
    "quarterly tax declaration",
    "a philosophical treatise about nothing",
    "the sound of one hand clapping",
    "parliamentary budget negotiations",
    "blockchain governance token",
    "an escalator in a shopping mall",
    "a kidney transplant operation",
    "a crocodile",
    "a telephone booth",
    "a stapler",
]
ALL_ABSURD = [
    ABSURD,
    held_back.ABSURD,
    held_back.ABSURD_AGAIN,
    held_back.ABSURD_THIRD,
    held_back.ABSURD_FOURTH,
    held_back.ABSURD_FIFTH,
]
REAL = {
    "a red heart": "red-heart.png",
    "a yellow cat face": "yellow-cat.png",
    "a fish": "tropical-fish.png",
    "a green tree": "oak.webp",
    "strawberry": "strawberry.webp",
    "an old train": "steam-engine.webp",
    "a bird at night": "owl.webp",
    "insect with wings": "butterfly.jpg",
    "a red car": "red-car.jpg",
    "string instrument": "violin.png",
}
# Query → the picture that a person would expect before all others. The first five are of eighteen that were
# written down, of which fourteen came out so with an earlier pack; the others were chosen with it, too.
MIXES = {
    "vehicle + rails − road": "steam-engine.webp",
    "vehicle + road − rails": "red-car.jpg",
    "sky + colours − cloud": "rainbow.webp",
    "plant + leaves − flower": "oak.webp",
    "animal + water − bird": "tropical-fish.png",
    "bird + night − day": "owl.webp",
    "vehicle + red − train": "red-car.jpg",
    "animal + sea − boat": "tropical-fish.png",
    "flower + pink − yellow": "dahlia.jpg",
    "fruit + red - heart": "strawberry.webp",
    "2*snowman + winter - owl": "snowman.jpg",
    "insect + flower − plant": "butterfly.jpg",
}

UNRELATED = [
    ["telephone booth", "stapler", "kidney transplant", "escalator"],
    ["elephant", "giraffe", "zebra", "camel", "rhinoceros", "kangaroo", "crocodile"],
    ["bicycle", "helicopter", "bus", "tractor", "submarine"],
    ["tax declaration", "treaty", "contract"],
]
RELATED = {
    "red-heart.png": ["heart", "teapot", "guitar", "house"],
    "owl.webp": ["owl", "teapot", "heart", "train"],
    "strawberry.webp": ["strawberry", "owl", "car"],
    "violin.png": ["violin", "pizza", "snowman"],
    "lighthouse.png": ["lighthouse", "cat", "strawberry"],
    "snowman.jpg": ["snowman", "owl", "pizza"],
}


@pytest.fixture(scope="module")
def model():
    return load_clip(ClipConfig("mini", "", ROOT / "weights" / "mini" / "clip"))


@pytest.fixture(scope="module")
def gallery(model) -> tuple[list[str], np.ndarray]:
    files = [row["file"] for row in json.loads((DEMO / "pictures.json").read_text(encoding="utf-8"))]
    return files, model.encode_images([Image.open(DEMO / file).convert("RGB") for file in files]).numpy()


@pytest.fixture(scope="module")
def background(model) -> relevance.Measured:
    pictures = [Image.open(io.BytesIO(content)) for content in shipped_pictures()]
    captions = CAPTIONS.read_text(encoding="utf-8").splitlines()
    return relevance.measure(model.encode_images(pictures).numpy(), model.encode_text(captions).numpy())


@pytest.fixture(scope="module")
def likely(model, gallery, background):
    """Searches → for each the pictures of the gallery that are likely matches, the first one first."""
    words = model.encode_text(
        [row["title"] for row in json.loads((DEMO / "pictures.json").read_text(encoding="utf-8"))]
    ).numpy()
    captions = model.encode_text(CAPTIONS.read_text(encoding="utf-8").splitlines()).numpy()
    of_words = relevance.measure_words(captions)

    def likely(queries, *, by_words: bool = True) -> dict[str, list[str]]:
        found = {}
        for query, vector in zip(queries, model.encode_text(list(queries)).numpy(), strict=True):
            scale = relevance.scale(vector, background)
            counted = gallery[1] @ vector
            if by_words:
                said = relevance.scale(vector, of_words).carried(words @ vector, to=scale)
                lifted = np.where(said >= scale.near, said, -9)
                counted = np.maximum(counted, lifted + SHOWN_SHARE * counted)
            lowest = scale.drawn().below(float(counted.max()))
            found[query] = [gallery[0][row] for row in np.argsort(-counted) if counted[row] >= lowest]
        return found

    return likely


@pytest.mark.parametrize("by_words", [False, True], ids=["pictures alone", "and their words"])
@pytest.mark.parametrize(
    "absurd", ALL_ABSURD, ids=["known", "held back", "again", "third", "fourth", "fifth"]
)
def test_absurd_searches_match_nothing(likely, absurd, by_words):
    found = likely(absurd, by_words=by_words)
    assert sum(not files for files in found.values()) >= 7, found


@pytest.mark.parametrize("by_words", [False, True], ids=["pictures alone", "and their words"])
def test_of_sixty_absurd_searches_five_in_six_match_nothing(likely, by_words):
    found = likely([query for queries in ALL_ABSURD for query in queries], by_words=by_words)
    assert sum(not files for files in found.values()) >= 50, found


@pytest.mark.parametrize(
    ("real", "by_words", "by_pictures"),
    [
        (REAL, 9, 9),
        (held_back.REAL_AGAIN, 9, 9),
        (held_back.REAL, 9, 6),
        (held_back.REAL_THIRD, 9, 7),
        (held_back.REAL_FOURTH, 9, 7),
        (held_back.REAL_FIFTH, 7, 5),
    ],
    ids=["known", "again", "held back", "third", "fourth", "fifth"],
)
def test_the_line_does_not_hide_what_is_looked_for(likely, real, by_words, by_pictures):
    """In a gallery whose pictures have titles, as the demo gallery's do, 45 of the 50 held-back ones; without
    any 38: some come later than the absurd, and no line can tell then."""
    found, alone = likely(real), likely(real, by_words=False)
    assert sum(file in found[query] for query, file in real.items()) >= by_words, found
    assert sum(file in alone[query] for query, file in real.items()) >= by_pictures, alone


def test_the_line_lets_few_pictures_through_beside_the_one_that_is_meant(likely):
    found = likely([*REAL, *held_back.REAL, *held_back.REAL_AGAIN])
    assert np.mean([len(files) for files in found.values()]) <= 4, found


def test_what_is_looked_for_is_mostly_among_the_first_five(model, gallery):
    """Of sixty searches 54 find the picture first, and all among five."""
    wanted = [
        (query, file)
        for real in (REAL, *(getattr(held_back, name) for name in dir(held_back) if name.startswith("REAL")))
        for query, file in real.items()
    ]
    similarity = model.encode_text([query for query, _ in wanted]).numpy() @ gallery[1].T  # (60, 30)
    places = [
        [gallery[0][at] for at in row.argsort()[::-1]].index(file)
        for row, (_, file) in zip(similarity, wanted, strict=True)
    ]
    assert len(wanted) == 60
    assert sum(place == 0 for place in places) >= 50
    assert sum(place < 5 for place in places) >= 58


def test_mixes_mostly_rank_as_a_person_would(model, gallery):
    """Not “animal + water − bird”, “animal + sea − boat” and “vehicle + rails − road”."""
    first = {}
    for query in MIXES:
        terms = parse(query)
        weights = np.array([term.weight for term in terms], np.float32)
        total = weights @ model.encode_text([term.text for term in terms]).numpy()
        first[query] = gallery[0][int((gallery[1] @ total).argmax())]
    assert sum(first[query] == file for query, file in MIXES.items()) >= 9, first


def test_none_of_the_absurd_was_used_to_measure_the_line():
    assert not set(ABSURD) & set(CAPTIONS.read_text(encoding="utf-8").splitlines())


def test_none_of_the_last_held_back_ones_was_used_to_choose_the_line():
    chosen_by = {*relevance_searches.ABSURD, *relevance_searches.REAL}
    assert not chosen_by & {*held_back.ABSURD_FIFTH, *held_back.REAL_FIFTH}


# None of these, and what is seen


def encoded(model, labels) -> np.ndarray:
    return model.encode_text([fill(model.label_template, label) for label in labels]).numpy()


def shares(model, background, vectors, labels) -> np.ndarray:
    """(N, M + 1); the last column is for none of these."""
    texts = encoded(model, labels)
    lines = np.array([relevance.scale(text, background).line for text in texts])
    return probabilities(vectors, texts, model.logit_scale, lines)


@pytest.mark.parametrize("labels", UNRELATED, ids=lambda labels: labels[0])
def test_unrelated_labels_leave_most_of_it_to_none(model, gallery, background, labels):
    """Of all 30 demo pictures nine in ten; heart and owl by far."""
    none = shares(model, background, gallery[1], labels)[:, -1]
    assert (none > 0.5).mean() >= 0.85
    assert none[[gallery[0].index("red-heart.png"), gallery[0].index("owl.webp")]].min() > 0.75


def test_the_right_label_beats_none(model, gallery, background):
    for file, labels in RELATED.items():
        row = shares(model, background, gallery[1][[gallery[0].index(file)]], labels)[0]
        assert row.argmax() == 0, file
        assert row[-1] < 0.2, file


def test_what_is_seen_in_demo_pictures_is_mostly_right_or_not_said(model, gallery, background):
    rows = shares(model, background, gallery[1], VOCABULARY)[:, :-1]
    said = {
        file: VOCABULARY[int(row.argmax())]
        for file, row in zip(gallery[0], rows, strict=True)
        if row.max() >= LEAST
    }
    expected = {
        "red-heart.png": "heart",
        "yellow-cat.png": "cat",
        "tropical-fish.png": "fish",
        "oak.webp": "tree",
        "strawberry.webp": "strawberry",
        "steam-engine.webp": "train",
        "sunflower.webp": "sunflower",
        "owl.webp": "owl",
        "rainbow.webp": "rainbow",
        "butterfly.jpg": "butterfly",
        "snowman.jpg": "snowman",
        "lighthouse.png": "lighthouse",
        "violin.png": "violin",
    }
    assert sum(said.get(file) == word for file, word in expected.items()) >= 12, said
    assert (said.get("grass.jpg"), said.get("coffee.jpg")) == ("grass", "cup of coffee")
    assert said.get("chelsea.jpg") == "cat"
    for file in ("astronaut.jpg", "grace-hopper.jpg", "photographer.jpg"):
        assert file not in said
