from gallery.models.background import Background
from gallery.models.embedding import Embedding, EmbeddingChange, EmbeddingCounter
from gallery.models.image import Image, ImageQuerySet
from gallery.models.people import User

__all__ = [
    "Background",
    "Embedding",
    "EmbeddingChange",
    "EmbeddingCounter",
    "Image",
    "ImageQuerySet",
    "User",
]
