"""The pack's weights in eight bits: how near they stay, and what is refused."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from gallery.clip.checksums import WeightsError
from gallery.clip.compact import FEWEST, GROUP, SCALE, compact, read_state, widen, write_state, write_widened


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_a_large_matrix_takes_a_byte_a_weight_and_stays_within_half_a_step():
    weight = random(512, 4 * GROUP)
    weight[3, :GROUP] *= 100  # a group of its own must not coarsen the others
    stored = compact({"a.weight": weight})
    assert stored["a.weight"].dtype == torch.int8
    assert stored["a.weight" + SCALE].shape == (512, 4)
    step = weight.view(512, 4, GROUP).abs().amax(dim=-1, keepdim=True) / 127
    off = (widen(stored)["a.weight"] - weight).abs().view(512, 4, GROUP)
    assert (off <= step / 2 + 1e-6).all()


@pytest.mark.parametrize("inputs", [GROUP * 3, 240])
def test_convolutions_of_single_pixels_are_matrices_too(inputs):
    weight = random(FEWEST // inputs + 1, inputs, 1, 1)
    widened = widen(compact({"conv.weight": weight}))["conv.weight"]
    assert widened.shape == weight.shape
    assert torch.nn.functional.cosine_similarity(widened.flatten(), weight.flatten(), dim=0) > 0.9999


@pytest.mark.parametrize(
    ("name", "weight"),
    [("small", random(16, 24)), ("depthwise", random(FEWEST, 1, 3, 3)), ("bias", random(FEWEST)),
     ("text.proj.weight", random(384, 384)), ("count", torch.tensor(7))],
)  # fmt: skip
def test_all_else_is_kept_in_half_precision_or_as_it_is(name, weight):
    stored = compact({name: weight})
    assert stored.keys() == {name}
    expected = weight.half() if weight.is_floating_point() else weight
    assert torch.equal(stored[name], expected)
    assert torch.equal(widen(stored)[name], expected)


def test_rounding_again_changes_nothing():
    once = widen(compact({"a": random(300, 320)}))
    again = widen(compact(once))
    assert torch.allclose(once["a"], again["a"], rtol=1e-6)


def test_a_group_of_zeros_stays_zero():
    weight = random(512, 2 * GROUP)
    weight[:, :GROUP] = 0
    widened = widen(compact({"a": weight}))["a"]
    assert not widened[:, :GROUP].any()
    assert widened.isfinite().all()


@pytest.mark.parametrize(
    "scale", [random(3, 2), random(512, 7), random(512, 0), random(512), torch.tensor(1.0)]
)
def test_scales_that_do_not_fit_are_refused(scale):
    stored = compact({"a": random(512, 128)}) | {"a" + SCALE: scale}
    with pytest.raises(WeightsError, match="a and its scales"):
        widen(stored)


def test_scales_of_weights_that_are_not_in_eight_bits_are_refused():
    with pytest.raises(WeightsError, match="a and its scales"):
        widen({"a": random(4, 4), "a" + SCALE: random(4, 1)})


def test_a_parameter_that_happens_to_be_called_a_scale_is_one():
    state = {"norm.scale": random(8), "logit_scale": torch.tensor(4.6)}
    assert widen(compact(state)).keys() == state.keys()


def test_a_file_comes_back_and_what_is_none_is_refused(tmp_path):
    state = {"a": random(512, 128), "b": random(8)}
    write_state(state, tmp_path / "model.safetensors")
    assert (tmp_path / "model.safetensors").stat().st_size < 512 * 128 * 1.2
    read = read_state(tmp_path / "model.safetensors")
    assert torch.allclose(read["a"], state["a"], atol=0.02)
    (tmp_path / "broken.safetensors").write_bytes(b"not weights")
    with pytest.raises(WeightsError, match="readable safetensors"):
        read_state(tmp_path / "broken.safetensors")


def test_the_widened_copy_has_everything_and_no_scales(tmp_path):
    pack, copy = tmp_path / "pack", tmp_path / "copy"
    pack.mkdir()
    (pack / "config.json").write_text("{}")
    write_state({"a": random(512, 128)}, pack / "model.safetensors")
    write_widened(pack / "model.safetensors", copy)
    assert (copy / "config.json").read_text() == "{}"
    assert load_file(copy / "model.safetensors")["a"].dtype == torch.float32


def test_an_older_pack_in_half_precision_is_read_too(tmp_path):
    save_file({"a": random(512, 128).half()}, tmp_path / "old.safetensors")
    assert read_state(tmp_path / "old.safetensors")["a"].dtype == torch.float16
