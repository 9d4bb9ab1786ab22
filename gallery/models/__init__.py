from gallery.models.background import Background
from gallery.models.camera import CameraFacts, Place
from gallery.models.embedding import Embedding, EmbeddingChange, EmbeddingCounter
from gallery.models.image import Image, ImageQuerySet
from gallery.models.near import NearPair
from gallery.models.people import User
from gallery.models.upload import Upload, UploadQuerySet

__all__ = [
    "Background",
    "CameraFacts",
    "Embedding",
    "EmbeddingChange",
    "EmbeddingCounter",
    "Image",
    "ImageQuerySet",
    "NearPair",
    "Place",
    "Upload",
    "UploadQuerySet",
    "User",
]
