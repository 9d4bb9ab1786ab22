"""The states of each token, checked against the vector that the model itself makes of them."""

from pathlib import Path

import open_clip
import pytest
import torch
from torch.nn import functional as F

from gallery.clip.model import PACK, ClipConfig, load_clip
from gallery.clip.text_states import text_states
from tests.clip.released_files import small_clip

TEXTS = ["a red heart", "two small cats on a roof in the rain"]


@pytest.fixture(scope="module")
def pack():
    return load_clip(ClipConfig(PACK, "", Path("weights/mini/clip"), quick=True))


def test_the_pack_s_mean_of_its_states_is_its_vector(pack):
    states, mask = pack.text_states(TEXTS)
    assert states.shape[:2] == mask.shape
    assert mask.sum(dim=1).tolist() == [5, 11]  # with the marks of beginning and end
    mean = (states * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
    vectors = F.normalize(pack.network.text.proj(mean), dim=-1)
    torch.testing.assert_close(vectors, pack.encode_text(TEXTS), atol=1e-5, rtol=0)


def test_a_clip_s_last_state_is_its_vector():
    network = small_clip()
    tokens = open_clip.get_tokenizer("ViT-B-32")(TEXTS)
    states, mask = text_states(network, tokens)
    assert mask.sum(dim=1).tolist() == [5, 11]
    last = states[torch.arange(2), mask.sum(dim=1) - 1]
    torch.testing.assert_close(last @ network.text_projection, network.encode_text(tokens), atol=1e-5, rtol=0)
