from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch

from generator.engine import precision
from generator.engine.loop import generate
from generator.engine.precision import Bf16Decoder, Bf16Perceptor, chosen_precision
from generator.engine.settings import GenerateSettings, SettingsError
from tests.engine.tiny import TinyClip, TinyVqgan

CPU = torch.device("cpu")


def settings(**changes) -> GenerateSettings:
    chosen = {"prompt": "a red heart", "steps": 6, "width": 64, "height": 64, "cutouts": 2, "threads": 1}
    return GenerateSettings(**(chosen | changes))


def images(*arguments, **options) -> list[bytes]:
    return [step.image().tobytes() for step in generate(*arguments, **options)]


@pytest.mark.parametrize("able", [True, False])
def test_auto_rounds_where_the_processor_can(monkeypatch, able):
    monkeypatch.setattr(precision, "multiplies_in_bf16", lambda device: able)
    chosen = "bf16" if able else "fp32"
    assert chosen_precision(settings(), CPU) == chosen
    assert chosen_precision(settings(precision="bf16"), CPU) == "bf16"
    assert chosen_precision(settings(precision="fp32"), CPU) == "fp32"
    assert images(settings(), TinyVqgan(), TinyClip()) == images(
        settings(precision=chosen), TinyVqgan(), TinyClip()
    )


def test_rounding_changes_the_bytes_but_hardly_the_picture():
    fine, coarse = (
        np.frombuffer(images(settings(precision=chosen), TinyVqgan(), TinyClip())[0], np.uint8).astype(int)
        for chosen in ("fp32", "bf16")
    )
    assert (fine != coarse).any()
    assert abs(fine - coarse).mean() < 2


def test_gradients_agree_with_those_of_float32_and_are_float32():
    pixels = torch.rand((2, 3, 16, 16), generator=torch.Generator().manual_seed(0), requires_grad=True)
    gradients = []
    for clip in (TinyClip(), Bf16Perceptor(TinyClip())):
        seen = clip.encode_pixels(pixels)
        assert seen.dtype == torch.float32
        gradients.append(torch.autograd.grad((seen @ clip.encode_text(["x"]).T).sum(), pixels)[0])
    assert gradients[1].dtype == torch.float32
    assert torch.cosine_similarity(*(gradient.flatten() for gradient in gradients), dim=0) > 0.99


def test_latents_are_encoded_and_quantised_as_finely_as_before():
    decoder, rounded = TinyVqgan(), Bf16Decoder(TinyVqgan())
    latent = decoder.encode(torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(0)))
    assert torch.equal(rounded.quantize(latent), decoder.quantize(latent))
    assert rounded.factor == decoder.factor
    assert rounded.decode(latent).dtype == torch.bfloat16


def test_a_rounded_run_repeats_itself_and_resumes_exactly():
    chosen = settings(precision="bf16")
    whole = images(chosen, TinyVqgan(), TinyClip())
    state = next(islice(generate(chosen, TinyVqgan(), TinyClip()), 2, None)).state()
    assert images(chosen, TinyVqgan(), TinyClip(), resume=state) == whole[3:]
    assert images(chosen, TinyVqgan(), TinyClip()) == whole


def test_what_began_in_one_precision_goes_on_in_it_on_any_machine():
    """A state of a machine that rounds, on one that by itself would not."""
    rounded = images(settings(precision="bf16"), TinyVqgan(), TinyClip())
    run = generate(settings(), TinyVqgan(), TinyClip())
    state = next(generate(settings(precision="bf16"), TinyVqgan(), TinyClip())).state()
    state["run"] = next(run).state()["run"]  # as "auto" would have named it there
    assert images(settings(), TinyVqgan(), TinyClip(), resume=state) == rounded[1:]


def test_another_precision_is_refused():
    with pytest.raises(SettingsError) as error:
        settings(precision="fp16")
    assert error.value.field == "precision"
