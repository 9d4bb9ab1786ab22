from gallery.models.album import Album, AlbumEntry, AlbumQuerySet
from gallery.models.embedding import Embedding, EmbeddingChange, EmbeddingCounter
from gallery.models.favourite import Favourite
from gallery.models.image import Image, ImageQuerySet
from gallery.models.people import User
from gallery.models.tag import Tag

__all__ = [
    "Album",
    "AlbumEntry",
    "AlbumQuerySet",
    "Embedding",
    "EmbeddingChange",
    "EmbeddingCounter",
    "Favourite",
    "Image",
    "ImageQuerySet",
    "Tag",
    "User",
]
