from gallery.models.embedding import Embedding, EmbeddingChange, EmbeddingCounter
from gallery.models.image import Image, ImageQuerySet
from gallery.models.people import User
from gallery.models.upload import Upload, UploadQuerySet

__all__ = [
    "Embedding",
    "EmbeddingChange",
    "EmbeddingCounter",
    "Image",
    "ImageQuerySet",
    "Upload",
    "UploadQuerySet",
    "User",
]
