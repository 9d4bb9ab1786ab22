"""The pack's three image towers: what each sees makes the whole, and guidance asks the first alone."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from gallery.clip.model import PACK, ClipConfig, ClipModel, load_clip

FOLDER = Path(__file__).parents[2] / "weights" / "mini" / "clip"


@pytest.fixture(scope="module")
def whole() -> ClipModel:
    return load_clip(ClipConfig(PACK, "", FOLDER))


@pytest.fixture(scope="module")
def first() -> ClipModel:
    return load_clip(ClipConfig(PACK, "", FOLDER, quick=True))


def test_a_pictures_vector_is_the_mean_of_its_members(whole):
    pixels = torch.rand(2, 3, 260, 260, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        normalised = whole.preprocess.normalise(pixels)
        members = whole.network.visual.trunk.members
        votes = [F.normalize(member(normalised), dim=-1) for member in members]
        assert len(votes) == 3
        expected = F.normalize(torch.stack(votes).mean(dim=0), dim=-1)
        assert torch.allclose(whole.encode_pixels(pixels), expected, atol=1e-6)


def test_guidance_sees_by_the_first_member_at_its_own_size(whole, first):
    assert (whole.image_size, first.image_size) == (260, 192)
    pixels = torch.rand(2, 3, 192, 192, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        member = whole.network.visual.trunk.members[0](whole.preprocess.normalise(pixels))
        assert torch.equal(first.encode_pixels(pixels), F.normalize(member, dim=-1))
    assert torch.equal(first.encode_text(["a red heart"]), whole.encode_text(["a red heart"]))
    assert first.model_id != whole.model_id  # their vectors do not compare


@pytest.mark.parametrize(("number", "size"), [(1, 240), (2, 260)])
def test_each_other_member_can_see_alone_too(whole, number, size):
    alone = load_clip(ClipConfig(PACK, "", FOLDER, quick=True, member=number))
    pixels = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        member = whole.network.visual.trunk.members[number](whole.preprocess.normalise(pixels))
        assert torch.equal(alone.encode_pixels(pixels), F.normalize(member, dim=-1))
    assert alone.image_size == size
    assert alone.model_id == f"{whole.model_id}-member{number + 1}"


def test_the_first_member_alone_has_no_weights_of_the_others(first):
    assert len(first.network.visual.trunk.members) == 1
