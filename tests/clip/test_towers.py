"""The pack's three image towers: what each sees makes the whole, with what the last one's classes say;
guidance asks the first alone."""

import math
from pathlib import Path

import pytest
import timm
import torch
from torch.nn import functional as F

from gallery.clip.model import PACK, ClipConfig, ClipModel, load_clip
from gallery.clip.towers import CLASSES, FEATURES, LIKELIEST, VOTE, ClassVote

FOLDER = Path(__file__).parents[2] / "weights" / "mini" / "clip"


@pytest.fixture(scope="module")
def whole() -> ClipModel:
    return load_clip(ClipConfig(PACK, "", FOLDER))


@pytest.fixture(scope="module")
def first() -> ClipModel:
    return load_clip(ClipConfig(PACK, "", FOLDER, quick=True))


def test_a_picture_is_seen_by_three_members_and_by_its_likeliest_classes(whole):
    pixels = torch.rand(2, 3, 288, 288, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        normalised = whole.preprocess.normalise(pixels)
        trunk = whole.network.visual.trunk
        votes = [F.normalize(member.head(member.features(normalised)), dim=-1) for member in trunk.members]
        assert len(votes) == 3
        classes = trunk.vote(trunk.members[-1].features(normalised))
        expected = F.normalize(sum(votes) + VOTE * classes, dim=-1)
        assert torch.allclose(whole.encode_pixels(pixels), expected, atol=1e-6)


def test_guidance_sees_by_the_first_member_at_its_own_size(whole, first):
    assert (whole.image_size, first.image_size) == (288, 192)
    pixels = torch.rand(2, 3, 192, 192, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        own = whole.network.visual.trunk.members[0]
        member = own.head(own.features(whole.preprocess.normalise(pixels)))
        assert torch.equal(first.encode_pixels(pixels), F.normalize(member, dim=-1))
    assert torch.equal(first.encode_text(["a red heart"]), whole.encode_text(["a red heart"]))
    assert first.model_id != whole.model_id  # their vectors do not compare


@pytest.mark.parametrize(("number", "size"), [(1, 288), (2, 260)])
def test_each_other_member_can_see_alone_too(whole, number, size):
    alone = load_clip(ClipConfig(PACK, "", FOLDER, quick=True, member=number))
    pixels = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        own = whole.network.visual.trunk.members[number]
        member = own.head(own.features(whole.preprocess.normalise(pixels)))
        assert torch.equal(alone.encode_pixels(pixels), F.normalize(member, dim=-1))
    assert alone.image_size == size
    assert alone.model_id == f"{whole.model_id}-member{number + 1}"


def test_the_first_member_alone_has_no_weights_of_the_others(first):
    assert len(first.network.visual.trunk.members) == 1
    assert first.network.visual.trunk.vote is None


def test_classes_vote_by_their_names_each_as_heavy_as_it_is_likely():
    vote = ClassVote(width=CLASSES)
    with torch.no_grad():
        vote.names.weight.copy_(torch.eye(CLASSES))  # a place of its own for each
        vote.classifier.weight.zero_()
        vote.classifier.bias.fill_(-torch.inf)
        vote.classifier.bias[7], vote.classifier.bias[20] = math.log(0.75), math.log(0.25)
        said = vote(torch.zeros(1, FEATURES))
    assert said[0, 7].item() == pytest.approx(0.75)
    assert said[0, 20].item() == pytest.approx(0.25)
    assert said.sum().item() == pytest.approx(1)


def test_only_the_likeliest_classes_vote():
    vote = ClassVote(width=CLASSES)
    with torch.no_grad():
        vote.names.weight.copy_(torch.eye(CLASSES))
        vote.classifier.weight.zero_()
        vote.classifier.bias.copy_(torch.linspace(0, 1, CLASSES))
        said = vote(torch.zeros(2, FEATURES))
    assert said.count_nonzero(dim=1).tolist() == [LIKELIEST, LIKELIEST]
    assert said[:, -LIKELIEST:].all()


def test_a_classifier_in_doubt_has_less_to_say():
    vote = ClassVote(width=CLASSES)
    with torch.no_grad():
        vote.names.weight.copy_(torch.eye(CLASSES))
        vote.classifier.weight.zero_()
        vote.classifier.bias.fill_(-torch.inf)
        vote.classifier.bias[7] = 0
        sure = vote(torch.zeros(1, FEATURES)).norm().item()
        vote.classifier.bias.zero_()
        in_doubt = vote(torch.zeros(1, FEATURES)).norm().item()
    assert sure == pytest.approx(1)
    assert in_doubt < 0.05


def test_a_model_trained_from_a_pack_without_the_vote_still_has_its_three_members():
    members = timm.create_model("clipweb_lite_trio", num_classes=8).eval()
    assert not any(name.startswith("vote") for name in members.state_dict())
    with torch.no_grad():
        features = [torch.rand(2, FEATURES) for _ in members.members]
        seen = [F.normalize(m.head(part), dim=-1) for m, part in zip(members.members, features, strict=True)]
        assert torch.allclose(members.project(features), sum(seen), atol=1e-6)
