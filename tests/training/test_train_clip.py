"""`manage.py train_clip` from pictures and words to a model that searches."""

import io

import pytest
import torch
from django.core.management import CommandError, call_command
from PIL import Image as Pillow

from clipweb.registry import store
from clipweb.registry.chosen import read_choice
from gallery.clip.model import ClipConfig, load_clip
from gallery.models import Image, User
from gallery.training.folder import RunFolder
from gallery.training.pictures import files_of_folder
from gallery.training.shapes import drawn_shapes
from gallery.uploads import store_image
from generator.engine.vqgan import MINI_PACK
from tests.clipweb.registry.conftest import proof_in_this_process  # noqa: F401
from tests.gallery.drawing import upload

QUICK = ["--threads=1", "--device=cpu"]


@pytest.fixture
def gallery(db):
    """Alice's 60 pictures with titles, and one without any words."""
    alice = User.objects.create_user("alice")
    for file in drawn_shapes(60, seed=2):
        image = store_image(owner=alice, file=upload(file.open().read()), visibility=Image.Visibility.PRIVATE)
        Image.objects.filter(pk=image.pk).update(title="", caption=file.text)
    content = io.BytesIO()
    Pillow.new("RGB", (40, 40), "red").save(content, "PNG")
    store_image(owner=alice, file=upload(content.getvalue()), visibility=Image.Visibility.PRIVATE)
    Image.objects.filter(caption="").update(title="")
    return alice


def test_new_towers_are_trained_installed_and_used(site, capsys):
    small = ["--size=16", "--steps=40", "--batch=32", "--learning-rate=0.002"]
    call_command("train_clip", "--run", "shapes", "--shapes", "200", *small, *QUICK)
    said = capsys.readouterr().out
    assert "160 pictures to learn from, 40 to measure on, cpu." in said
    assert "Before: R@1" in said
    assert "manage.py models use shapes" in said

    call_command("models", "use", "shapes")
    assert read_choice(site.MODELS_DIR).clip == "shapes"
    folder = store.find("shapes").folder
    model = load_clip(ClipConfig("custom", str(folder), MINI_PACK / "clip"))
    assert model.encode_text(["two red circles"]).shape == (1, 128)
    summary = RunFolder(site.TRAINING_DIR / "shapes").summary()
    assert summary["is_better"]
    assert sum(summary["recall_after"]) > sum(summary["recall_before"])


def test_a_model_is_trained_further_on_somebodys_own_pictures(site, gallery, capsys):
    call_command(
        "train_clip", "--run", "ours", "--user", "alice", "--from", "mini-quick", "--steps=30", *QUICK
    )
    assert "48 pictures to learn from, 12 to measure on" in capsys.readouterr().out
    model = load_clip(ClipConfig("custom", str(store.find("ours").folder), MINI_PACK / "clip"))
    before = load_clip(ClipConfig("mini", "", MINI_PACK / "clip", quick=True))
    pictures = [Pillow.open(file.open()) for file in drawn_shapes(4, seed=9)]
    assert model.image_size == before.image_size
    assert model.model_id.startswith("ours@")  # another model, so that the site makes vectors anew
    cosines = (model.encode_images(pictures) * before.encode_images(pictures)).sum(dim=1)
    assert (cosines < 0.999).all()
    assert torch.isfinite(cosines).all()


def test_what_got_worse_is_not_installed(site, gallery, capsys):
    with pytest.raises(CommandError) as refused:
        call_command(
            *("train_clip", "--run", "worse", "--user", "alice", "--from", "mini-quick"),
            *("--steps=4", "--learning-rate=5", *QUICK),
        )
    assert refused.value.returncode == 3
    assert "It is not installed" in str(refused.value)
    assert store.installed() == []
    run = RunFolder(site.TRAINING_DIR / "worse")
    assert not run.summary()["is_better"]
    assert run.state == "done"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--shapes", "10"], "10 pictures have a title"),
        (["--shapes", "50", "--lock", "image"], "New towers know nothing"),
        (["--shapes", "50", "--from", "nothing"], "nothing is no CLIP that is here"),
        (["--shapes", "50", "--from", "mini-vqgan"], "mini-vqgan is no CLIP"),
        (["--shapes", "50", "--install", "mini"], "comes with the repository"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_words(site, arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("train_clip", *arguments, *QUICK)
    assert not list(site.TRAINING_DIR.glob("*/config.json"))


def test_words_lie_beside_pictures_of_a_folder(site, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, file in enumerate(drawn_shapes(40, seed=4)):
        (folder / f"{number}.png").write_bytes(file.open().read())
        (folder / f"{number}.txt").write_text(f"{file.text}\n")
    files = files_of_folder(folder)
    assert {file.text for file in files} == {file.text for file in drawn_shapes(40, seed=4)}
    (folder / "3.txt").write_text("")
    with pytest.raises(CommandError, match="39 pictures have a title"):
        call_command("train_clip", "--pictures", folder, *QUICK)
