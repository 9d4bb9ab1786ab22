import pytest

from gallery.models import Image, User
from gallery.uploads import store_image
from tests.gallery.drawing import png


@pytest.fixture
def store_public(db) -> Image:
    """One public picture of somebody."""
    owner = User.objects.create_user("alice")
    return store_image(owner=owner, file=png(seed=1), visibility=Image.Visibility.PUBLIC)


@pytest.fixture
def site(settings, tmp_path):
    """Models and runs in folders of their own."""
    settings.MODELS_DIR, settings.TRAINING_DIR = tmp_path / "models", tmp_path / "training"
    settings.SERVE_STATE = tmp_path / "serve.json"
    settings.IS_CLIP_GIVEN = settings.IS_VQGAN_GIVEN = False
    return settings
