"""`manage.py models` from end to end: files of released formats in, models that the app loads out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from clipweb.registry import store
from gallery.clip.checksums import file_sha256
from gallery.clip.model import ClipConfig, load_clip
from gallery.models import EncodingModel, Serving
from generator import jobs, perceptors
from tests.clip.released_files import (
    check_same,
    save_state,
    small_clip,
    write_hub_folder,
    write_openai_archive,
)
from tests.engine.released_vqgan import Reference, transformer_around, write, yaml_of
from tests.engine.test_vqgan_import import check_same as check_same_pictures
from tests.generator.wishes import ask
from tests.processes import ROOT

pytestmark = [
    pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]


@pytest.fixture(autouse=True)
def models_dir(settings, tmp_path) -> Path:
    settings.MODELS_DIR = tmp_path / "models"
    settings.SERVE_STATE = tmp_path / "serve.json"
    settings.IS_CLIP_GIVEN = settings.IS_VQGAN_GIVEN = False
    return settings.MODELS_DIR


@pytest.fixture
def models(capsys):
    """Runs the command, returns what it says."""

    def models(*arguments) -> str:
        capsys.readouterr()
        call_command("models", *map(str, arguments))
        return capsys.readouterr().out

    return models


@pytest.fixture
def refused(capsys):
    """Runs the command, which must fail; returns its one message."""

    def refused(*arguments) -> str:
        with pytest.raises(CommandError) as caught:
            call_command("models", *map(str, arguments))
        assert caught.value.returncode == 1
        return str(caught.value)

    return refused


def load(folder: Path):
    return load_clip(ClipConfig("custom", str(folder), Path("unused")))


@pytest.mark.own_process
def test_openais_archive_is_added_used_verified_measured_and_removed(
    models, refused, models_dir, tmp_path, alice
):
    import torch

    network = write_openai_archive(small_clip(quick_gelu=True), tmp_path / "ViT.pt")
    said = models("add", tmp_path / "ViT.pt", "--name", "small", "--licence", "MIT")
    assert "It was TorchScript archive, OpenAI's names; it loads, and it works." in said
    digest = file_sha256(models_dir / "small" / "open_clip_model.safetensors")
    assert f"{digest}  small/open_clip_model.safetensors" in said
    check_same(load(models_dir / "small"), network)
    record = json.loads((models_dir / "small" / "model.json").read_text())
    assert record["source_sha256"] == file_sha256(tmp_path / "ViT.pt")

    assert "small is chosen, from the next start" in models("use", "small")
    assert "in use" in line_of("small", models("list"))
    assert "is in use" in refused("remove", "small")
    assert "small: as it was installed" in models("verify")

    assert "images/s" in models("bench", "small", "--seconds", "0.1")
    rate = store.benches()["small"]["images_per_second"]
    assert f"{rate:.1f}" in line_of("small", models("list"))

    models("use", "mini")
    job = ask(alice, options={"perceptors": "mini-1 small:0.5"})
    assert "are judged by small" in refused("remove", "small")
    judge = perceptors.load("small")
    assert judge.encode_pixels(torch.zeros(1, 3, judge.image_size, judge.image_size)).norm() > 0.99
    jobs.cancel(job_id=job.id)
    assert "small is gone" in models("remove", "small")
    assert not [line for line in models("list").splitlines() if line.split()[:1] == ["small"]]
    assert sorted(path.name for path in models_dir.iterdir()) == ["active.json", "bench.json"]


def line_of(name: str, listed: str) -> str:
    return next(line for line in listed.splitlines() if line.split()[:1] == [name])


@pytest.mark.parametrize("form", ["plain", "gumbel", "transformer"])
def test_a_checkpoint_of_taming_is_added_with_its_yaml(models, models_dir, tmp_path, form):
    kind = "GumbelVQ" if form == "gumbel" else "VQModel"
    config = yaml_of(target=f"taming.models.vqgan.{kind}", embed_dim=16)
    reference = Reference(config).eval()
    given = (
        transformer_around(reference, config) if form == "transformer" else (config, reference.state_dict())
    )
    source = write(tmp_path / "released", *given)
    models("add", source.weights, "--config", source.config, "--name", "drawn")
    check_same_pictures(models_dir / "drawn", reference)
    models("use", "drawn")
    assert "in use" in line_of("drawn", models("list"))


def test_no_model_takes_the_name_of_a_judge_that_is_always_here(models_dir):
    for name in ("mini-2", "usual"):
        with pytest.raises(store.RegistryError, match="comes with the repository"):
            store.check_name(name)


def test_a_hub_folder_and_a_distributed_checkpoint_are_added(models, models_dir, tmp_path):
    import torch

    network = small_clip()
    folder = write_hub_folder(network, tmp_path / "hub")
    models("add", folder, "--name", "from-the-hub")
    check_same(load(models_dir / "from-the-hub"), network)
    state = {f"module.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"state_dict": state}, folder / "epoch_32.pt")
    models("add", folder / "epoch_32.pt")
    check_same(load(models_dir / "epoch_32"), network)


def test_what_cannot_be_loaded_leaves_nothing_behind(refused, models_dir, tmp_path):
    network = small_clip()
    state = network.state_dict()
    del state["visual.conv1.weight"]
    folder = write_hub_folder(network, tmp_path / "hub")
    save_state(state, folder / "open_clip_model.safetensors")
    assert "1 missing: visual.conv1.weight" in refused("add", folder)
    whole = (folder / "open_clip_model.safetensors").read_bytes()
    (folder / "open_clip_model.safetensors").write_bytes(whole[:1000])
    assert "cut off or damaged" in refused("add", folder)
    assert "name it with --config" in refused("add", write_nothing(tmp_path / "last.ckpt"))
    assert "There is no" in refused("add", tmp_path / "absent.pt")
    assert list(models_dir.iterdir()) == []


def write_nothing(path: Path) -> Path:
    path.write_bytes(b"nothing")
    return path


def test_a_published_name_is_only_for_the_published_file(refused, tmp_path):
    write_openai_archive(small_clip(), tmp_path / "ViT-B-32.pt")
    message = refused("add", tmp_path / "ViT-B-32.pt", "--name", "ViT-B-32.openai")
    assert "is not the file that was published as ViT-B-32.openai" in message
    assert "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af" in message


def test_tampered_files_are_named_and_neither_verified_nor_used(models, refused, models_dir, tmp_path):
    models("add", write_hub_folder(small_clip(), tmp_path / "hub"), "--name", "mine")
    weights = models_dir / "mine" / "open_clip_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert "1 of 3 models are not as they were installed" in refused("verify")
    assert f"{weights} was changed" in refused("use", "mine")
    weights.unlink()
    assert f"{weights} is missing" in refused("use", "mine")


def test_a_model_that_searches_still_use_stays(models, refused, models_dir, tmp_path, db):
    models("add", write_hub_folder(small_clip(), tmp_path / "hub"), "--name", "mine")
    model = EncodingModel.objects.create(model_id="mine@1", name=f"custom/{models_dir / 'mine'}")
    Serving.objects.create(current=model, wanted_id="mine@1", since="2026-01-01T00:00Z")
    assert "Searches still use mine" in refused("remove", "mine")


def test_names_that_are_taken_shipped_unknown_or_no_names_are_refused(models, refused, tmp_path):
    folder = write_hub_folder(small_clip(), tmp_path / "hub")
    models("add", folder, "--name", "mine")
    assert "mine is here already" in refused("add", folder, "--name", "mine")
    assert "comes with the repository" in refused("add", folder, "--name", "mini")
    assert "is no name" in refused("add", folder, "--name", "../mine")
    assert "comes with the repository" in refused("remove", "mini")
    assert "ViT-B-32.openai is not here: fetch it first" in refused("use", "ViT-B-32.openai")
    assert "`manage.py models list` has the names" in refused("use", "nobody")
    assert "nobody is not known" in refused("fetch", "nobody")
    assert "comes with the repository" in refused("fetch", "mini")


def test_what_is_only_on_a_page_for_people_is_said_with_the_next_step(refused, models_dir):
    message = refused("fetch", "coco")
    assert "https://k00.fr/2zz6i2ce" in message
    assert "models add last.ckpt --config THE.yaml --name coco" in message
    assert not models_dir.exists()


def test_the_environment_wins_and_use_says_so(models, settings, tmp_path):
    models("add", write_hub_folder(small_clip(), tmp_path / "hub"), "--name", "mine")
    settings.IS_CLIP_GIVEN, settings.CLIP_MODEL, settings.CLIP_PRETRAINED = True, "mini-quick", ""
    assert "the environment sets CLIP_MODEL, and that wins" in models("use", "mine")
    assert "in use" in line_of("mini-quick", models("list"))
    assert "here" in line_of("mine", models("list"))


def settings_of(data_dir: Path, **variables: str) -> list[str]:
    """CLIP_MODEL, CLIP_PRETRAINED, VQGAN_CHECKPOINT and VQGAN_CONFIG of a fresh process."""
    program = (
        "from django.conf import settings as s; import json, sys; "
        "print(json.dumps([s.CLIP_MODEL, s.CLIP_PRETRAINED, s.VQGAN_CHECKPOINT, s.VQGAN_CONFIG]), "
        "[name for name in ('torch', 'open_clip') if name in sys.modules])"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "clipweb.settings", "CLIPWEB_DATA_DIR": str(data_dir), **variables},
        capture_output=True,
        text=True,
    )
    if finished.returncode:
        return [finished.stderr.strip().splitlines()[-1]]
    assert finished.stdout.endswith("[]\n")
    return json.loads(finished.stdout.rsplit(" []", 1)[0])


def test_the_processes_read_the_choice_where_the_environment_is_silent(models, models_dir, tmp_path):
    config = yaml_of()
    source = write(tmp_path / "released", config, Reference(config).state_dict())
    models("add", write_hub_folder(small_clip(), tmp_path / "hub"), "--name", "mine")
    models("add", source.weights, "--name", "drawn")
    assert settings_of(tmp_path) == ["mini", "", "", ""]
    models("use", "mine")
    models("use", "drawn")
    drawn = [str(models_dir / "drawn" / name) for name in ("model.safetensors", "config.yaml")]
    assert settings_of(tmp_path) == ["custom", str(models_dir / "mine"), *drawn]
    assert settings_of(tmp_path, CLIP_MODEL="mini-quick") == ["mini-quick", "", *drawn]
    models("use", "mini-quick")
    models("use", "mini-vqgan")
    assert settings_of(tmp_path) == ["mini-quick", "", "", ""]
    (models_dir / "active.json").write_text("{")
    assert "delete it, and choose again" in settings_of(tmp_path)[0]


def test_a_running_app_is_named_with_how_to_start_it_again(models, settings):
    state = {"url": "http://127.0.0.1:8000/", "pid": 4711}
    settings.SERVE_STATE.write_text(json.dumps(state))
    said = models("use", "mini-quick")
    assert "It runs at http://127.0.0.1:8000/ (process 4711)" in said
    assert "until every picture has a vector of this one" in said


def test_nothing_of_the_models_is_in_the_way_of_the_shipped_ones(models):
    listed = models("list")
    assert "in use" in line_of("mini", listed)
    assert "in use" in line_of("mini-vqgan", listed)
    assert "mini: as it was installed" in models("verify")
