from django.apps import AppConfig
from django.conf import settings

from gallery import pixels


class GalleryConfig(AppConfig):
    name = "gallery"

    def ready(self) -> None:
        pixels.prepare_pillow(settings.UPLOAD_MAX_PIXELS)
