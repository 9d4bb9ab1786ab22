"""Parts of the pack's training that need neither the artwork nor hours."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from weights.pack.checksums import CHECKSUMS, write_checksums
from weights.pack.clip import keep_best_share
from weights.pack.features import resized
from weights.pack.imagenet import DESCRIBED, class_descriptions, class_names, imagenet_photographs
from weights.pack.lit import Standardised
from weights.pack.packages import pinned_packages
from weights.pack.retrieval import Recall
from weights.pack.sources import IconSet, read_icons

NO_EMOJI = SimpleNamespace(named=lambda name: None)


def icons(key: str, *names: str) -> dict[str, str]:
    """Label → concept, as the reader names them."""
    artworks = read_icons(IconSet(pinned_packages()[key], dict.fromkeys(names, "<svg/>"), {}), NO_EMOJI)
    return {artwork.label: artwork.concept for artwork in artworks}


def test_titles_are_concepts_of_their_own_and_interface_icons_are_variants():
    assert icons("game-icons", "war-axe", "axe-2") == {"war axe": "war axe", "axe": "axe"}
    assert icons("fluent-color", "cloud-24", "cloud-add-24") == {"cloud": "cloud", "cloud add": "cloud"}


def test_a_layer_trained_on_standardised_features_gives_the_same_for_raw_ones():
    features = torch.randn(64, 6) * torch.tensor([0.1, 1, 2, 5, 0.5, 9]) + 3
    head = nn.Sequential(nn.Linear(6, 4), nn.GELU(), nn.Linear(4, 2))
    standardised = Standardised(features)
    expected = nn.Sequential(standardised, head)(features)
    standardised.fold_into(head)
    assert torch.allclose(head(features), expected, atol=1e-5)


def test_the_share_with_the_best_recall_is_kept():
    network = nn.Linear(2, 1)
    start = {name: torch.zeros_like(tensor) for name, tensor in network.state_dict().items()}
    end = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    seen = iter((0.2, 0.5, 0.4))

    def measure() -> Recall:
        rate = next(seen)
        return Recall("validation", 1, 1, (rate, rate, rate), (0, 0, 0), 1)

    assert keep_best_share(network, start, (0.5, 0.75, 1.0), measure) == 0.75
    for name, tensor in network.state_dict().items():
        assert torch.allclose(tensor, 0.75 * end[name])


@pytest.mark.parametrize("size", [16, 24, 9])
def test_resized_pictures_stay_in_range(size):
    pixels = torch.rand(2, 3, 16, 16).round()
    out = resized(pixels, size)
    assert out.shape == (2, 3, size, size)
    assert out.min() >= 0
    assert out.max() <= 1


def test_checksums_entered_at_the_same_time_are_all_kept(tmp_path):
    names = [f"{number}.bin" for number in range(24)]
    for name in names:
        (tmp_path / name).write_text(name)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: write_checksums(tmp_path, [name]), names))
    entered = [line.partition("  ")[2] for line in (tmp_path / CHECKSUMS).read_text().splitlines()]
    assert entered == sorted(names)


def test_a_class_is_called_by_its_names_and_described_by_its_gloss():
    described = dict(zip((names[0] for names in class_names()), class_descriptions(), strict=True))
    assert described["missile"] == (
        "missile, a rocket carrying a warhead of conventional or nuclear explosives"
    )
    assert "small short-legged dogs" in described["Pekinese"]
    glosses, asked = set(class_descriptions()), list[str]()

    def encode(texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        # Names point one way and descriptions another.
        return np.array([[0.0, 5.0] if text in glosses else [3.0, 0.0] for text in texts], np.float32)

    random = torch.Generator().manual_seed(0)
    weight = torch.randn(1000, 8, generator=random)
    features = torch.rand(64, 8, generator=random)
    names = imagenet_photographs(weight, torch.zeros(1000), features, encode, described=DESCRIBED).names
    expected = torch.tensor([1.0, DESCRIBED]) / (1 + DESCRIBED**2) ** 0.5
    assert torch.allclose(names, expected.expand(1000, 2), atol=1e-6)
    assert {"tabby", "a photo of a tabby cat", described["tabby"]} <= set(asked)
