"""What the supervisor tells the encoder of the models that it may be asked for."""

from clipweb.supervisor.specs import encoder_arguments
from gallery.clip.service import parse_arguments
from gallery.models import EncodingModel


def test_the_encoder_gets_the_model_of_the_settings_and_all_whose_vectors_are_here(db, settings):
    settings.CLIP_MODEL, settings.CLIP_PRETRAINED = "ViT-B-32", "/models/new.safetensors"
    settings.CLIP_NAME = "ViT-B-32//models/new.safetensors"
    for name, revision in (("mini", "1"), ("mini", "2"), (settings.CLIP_NAME, "3")):
        EncodingModel.objects.create(model_id=f"{name}-{revision}", name=name)
    options = parse_arguments(encoder_arguments())
    assert (options.model, options.pretrained) == ("ViT-B-32", "/models/new.safetensors")
    assert options.also == ["mini"]
    assert options.precision == "auto"
