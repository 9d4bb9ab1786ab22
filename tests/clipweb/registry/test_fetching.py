"""`manage.py models fetch` from end to end: a known model comes from a real server, and works."""

import pytest
from django.core.management import CommandError, call_command

from clipweb.management.commands import models as command
from clipweb.registry.catalogue import Entry
from gallery.clip.checksums import file_sha256
from tests.clipweb.registry.file_server import Served, file_server
from tests.engine.released_vqgan import Reference, write, yaml_of
from tests.engine.test_vqgan_import import check_same

NAME = "drawn-f16"


@pytest.fixture
def models_dir(settings, tmp_path):
    settings.MODELS_DIR = tmp_path / "models"
    settings.SERVE_STATE = tmp_path / "serve.json"
    settings.IS_CLIP_GIVEN = settings.IS_VQGAN_GIVEN = False
    return settings.MODELS_DIR


@pytest.fixture
def reference() -> Reference:
    return Reference(yaml_of(target="taming.models.vqgan.VQModel", embed_dim=16)).eval()


@pytest.fixture
def published(reference, tmp_path, monkeypatch):
    """The server of a checkpoint with its yaml; the catalogue knows the model by NAME."""
    config = yaml_of(target="taming.models.vqgan.VQModel", embed_dim=16)
    source = write(tmp_path / "released", config, reference.state_dict())
    with file_server() as served:
        served.files = {"/last.ckpt": source.weights.read_bytes(), "/model.yaml": source.config.read_bytes()}
        entry = Entry(
            name=NAME,
            kind="vqgan",
            architecture="f16 1024",
            licence="MIT",
            good_at="tests",
            url=f"{served.url}/last.ckpt",
            yaml=f"{served.url}/model.yaml",
            sha256=file_sha256(source.weights),
        )
        monkeypatch.setattr(command, "find_entry", lambda name: entry if name == NAME else None)
        yield served


def failing(*arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        call_command("models", *arguments)
    return str(caught.value)


def test_a_fetched_model_is_the_published_one_and_can_be_used(models_dir, published, reference, capsys):
    call_command("models", "fetch", NAME)
    assert f"Work with it: manage.py models use {NAME}" in capsys.readouterr().out
    check_same(models_dir / NAME, reference)
    call_command("models", "use", NAME)
    call_command("models", "verify")
    assert f"{NAME}: as it was installed" in capsys.readouterr().out
    assert [path.name for path in (models_dir / ".parts").iterdir()] == []
    assert "is here already" in failing("fetch", NAME)


def test_a_fetch_that_broke_off_goes_on_where_it_was(models_dir, published: Served, reference):
    half = len(published.files["/last.ckpt"]) // 2
    published.cut_after = half
    assert "goes on" in failing("fetch", NAME)
    assert not (models_dir / NAME).exists()
    call_command("models", "fetch", NAME)
    assert ("/last.ckpt", f"bytes={half}-") in published.asked
    check_same(models_dir / NAME, reference)


def test_a_file_that_is_not_the_published_one_is_not_kept(models_dir, published: Served):
    published.files["/last.ckpt"] = published.files["/last.ckpt"][:-1] + b"!"
    assert "has been deleted" in failing("fetch", NAME)
    assert not (models_dir / NAME).exists()


def test_offline_is_one_sentence_and_nothing_is_half_written(models_dir, published: Served, monkeypatch):
    offline = Entry(
        name=NAME, kind="vqgan", architecture="", licence="", good_at="", url="http://127.0.0.1:9/last.ckpt"
    )
    monkeypatch.setattr(command, "find_entry", lambda name: offline)
    said = failing("fetch", NAME)
    assert "127.0.0.1" in said
    assert "\n" not in said
    assert not models_dir.exists() or not any(path.is_file() for path in models_dir.rglob("*"))
