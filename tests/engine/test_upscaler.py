"""Networks for super-resolution: released files, wrong files, and pictures in tiles."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch

from generator.engine.upscaler import CELL, TILE_CELLS, Upscaler, load_upscaler, spans
from generator.engine.upscaler_files import UpscalerError
from tests.engine.released_upscaler import compact_weights, rrdb_weights, write

TILE = CELL * TILE_CELLS


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def enlarged(upscaler: Upscaler, pixels: np.ndarray) -> np.ndarray:
    return upscaler.enlarge(pixels, after_tile=lambda: None, threads_used=1)


def whole(upscaler: Upscaler, pixels: np.ndarray) -> np.ndarray:
    """The picture in one pass of spandrel's network."""
    made = upscaler.network(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255)
    return (made[0] * 255).round().permute(1, 2, 0).numpy().astype(np.uint8)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_a_released_file_loads_and_enlarges(tmp_path, scale, ending):
    path = write(tmp_path / f"net.{ending}", rrdb_weights(scale=scale))
    upscaler = load_upscaler(path)
    assert upscaler.scale == scale
    assert upscaler.model_id.startswith("net@")
    made = enlarged(upscaler, noise(64, 96))
    assert made.shape == (64 * scale, 96 * scale, 3)
    assert made.std() > 1
    assert (made == enlarged(load_upscaler(path), noise(64, 96))).all()


def test_another_architecture_is_known_by_its_tensors(tmp_path):
    upscaler = load_upscaler(write(tmp_path / "general.pth", compact_weights(scale=3)))
    assert (upscaler.network.architecture.id, upscaler.scale) == ("Compact", 3)
    pixels = noise(64, TILE + 64)
    assert np.abs(enlarged(upscaler, pixels).astype(int) - whole(upscaler, pixels)).max() <= 1


def test_a_network_that_only_restores_is_refused(tmp_path):
    with pytest.raises(UpscalerError, match="a network for Restoration and enlarges nothing"):
        load_upscaler(write(tmp_path / "denoise.pth", compact_weights(scale=1)))


def test_both_kinds_of_file_give_the_same_network(tmp_path):
    made = [
        enlarged(load_upscaler(write(tmp_path / name, rrdb_weights())), noise(64, 64))
        for name in ("net.pth", "net.safetensors")
    ]
    assert (made[0] == made[1]).all()


@pytest.mark.parametrize("scale", [2, 4])
def test_tiles_give_what_the_whole_picture_gives(tmp_path, scale):
    upscaler = load_upscaler(write(tmp_path / "net.pth", rrdb_weights(scale=scale)))
    pixels = noise(TILE + 64, 2 * TILE + 32)
    apart = np.abs(enlarged(upscaler, pixels).astype(int) - whole(upscaler, pixels))
    rows, columns = (inside(side, scale) for side in pixels.shape[:2])
    assert apart[rows][:, columns].max() <= 1
    assert apart.max() <= 8
    assert (~columns).any()


def inside(length: int, scale: int) -> np.ndarray:
    """Which pixels of the result lie at least a cell off the borders between tiles."""
    places = np.arange(length * scale) / scale
    return np.all([abs(places - border) >= CELL for _, border in spans(length)[:-1]], axis=0)


def test_after_each_tile_somebody_may_say_that_it_is_enough(tmp_path):
    upscaler = load_upscaler(write(tmp_path / "net.pth", rrdb_weights()))
    calls = []
    upscaler.enlarge(noise(TILE + 32, 64), after_tile=lambda: calls.append(1), threads_used=1)
    assert len(calls) == 2

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upscaler.enlarge(noise(64, 64), after_tile=stop, threads_used=1)


@pytest.mark.parametrize("length", [1, 16, 64, 127, 128, 129, 160, 544, 928, 1024])
def test_tiles_cover_a_line_once_and_begin_at_cells(length):
    parts = spans(length)
    assert [place for start, end in parts for place in range(start, end)] == list(range(length))
    assert all(start % CELL == 0 and 0 < end - start <= TILE for start, end in parts)


def test_a_missing_file_is_named_with_what_to_do(tmp_path):
    with pytest.raises(UpscalerError, match=r"no file .*gone\.pth: set UPSCALER_CHECKPOINT"):
        load_upscaler(tmp_path / "gone.pth")


def test_an_ending_that_says_nothing_is_refused(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"x")
    with pytest.raises(UpscalerError, match=r"ends neither in \.safetensors nor in"):
        load_upscaler(tmp_path / "net.onnx")


@pytest.mark.parametrize("name", ["net.pth", "net.safetensors"])
@pytest.mark.parametrize("damage", ["truncated", "empty", "text"])
def test_a_damaged_file_is_a_clear_error(tmp_path, name, damage):
    path = write(tmp_path / name, rrdb_weights())
    content = path.read_bytes()
    path.write_bytes({"truncated": content[: len(content) // 2], "empty": b"", "text": b"hello\n"}[damage])
    with pytest.raises(UpscalerError, match=name) as error:
        load_upscaler(path)
    assert "UPSCALER_CHECKPOINT" in str(error.value) or "could run code" in str(error.value)


def test_a_checkpoint_that_would_run_code_is_not_opened(tmp_path):
    witness = tmp_path / "ran"

    class Payload:
        def __reduce__(self):
            return os.system, (f"touch {witness}",)

    torch.save({"params_ema": rrdb_weights(), "more": Payload()}, tmp_path / "net.pth")
    with pytest.raises(UpscalerError, match="could run code"):
        load_upscaler(tmp_path / "net.pth")
    assert not witness.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"params_ema": {}}, "has no tensors"),
        ([torch.zeros(2)], "has no state_dict"),
        (
            {"encoder.conv_in.weight": torch.zeros(4, 3, 3, 3)},
            "no network for super-resolution",
        ),
        ({"conv_first.weight": torch.full((2,), torch.nan)}, "values that are no numbers"),
    ],
)
def test_a_foreign_file_is_refused_by_what_it_is(tmp_path, content, message):
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(UpscalerError, match=message):
        load_upscaler(tmp_path / "net.pth")


@pytest.mark.parametrize("change", ["missing", "misshapen", "left over"])
def test_tensors_that_do_not_fit_are_refused(tmp_path, change):
    weights = rrdb_weights()
    if change == "missing":
        del weights["body.0.rdb2.conv3.weight"]
    elif change == "misshapen":
        weights["conv_hr.weight"] = torch.zeros(3, 3, 3, 3)
    else:
        weights["conv_extra.weight"] = torch.zeros(3, 3, 3, 3)
    with pytest.raises(UpscalerError, match="missing, left over or of another shape"):
        load_upscaler(write(tmp_path / "net.pth", weights))


def test_a_network_for_grey_pictures_is_refused(tmp_path):
    with pytest.raises(UpscalerError, match="not for pictures in red, green and blue"):
        load_upscaler(write(tmp_path / "net.pth", rrdb_weights(colours=1)))
