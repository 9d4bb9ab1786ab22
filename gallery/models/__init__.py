from gallery.models.album import Album, AlbumEntry, AlbumQuerySet
from gallery.models.audit import AuditEntry, AuditHead, AuditReason
from gallery.models.background import Background
from gallery.models.camera import CameraFacts, Place
from gallery.models.cases import Case, CaseQuerySet, Decision, Report
from gallery.models.embedding import Embedding, EmbeddingChange, EmbeddingCounter, words_of
from gallery.models.favourite import Favourite
from gallery.models.findings import Finding
from gallery.models.history import HistoryEntry
from gallery.models.image import Image, ImageQuerySet
from gallery.models.labelling import LabelSet, Tagging, Vocabulary, WrittenTag
from gallery.models.map import Map, MapPoint
from gallery.models.near import NearPair
from gallery.models.people import User
from gallery.models.policies import Policy
from gallery.models.query_picture import QueryPicture
from gallery.models.sanctions import Appeal, BlockedFile, PrintBlocking, Strike, Suspension
from gallery.models.searches import RecentSearch, SavedSearch
from gallery.models.serving import EncodingModel, PendingVector, Serving, serving_model, serving_vectors
from gallery.models.sweeps import Sweep
from gallery.models.tag import Tag
from gallery.models.upload import Upload, UploadQuerySet
from gallery.models.words import PendingWords

__all__ = [
    "Album",
    "AlbumEntry",
    "AlbumQuerySet",
    "Appeal",
    "AuditEntry",
    "AuditHead",
    "AuditReason",
    "Background",
    "BlockedFile",
    "CameraFacts",
    "Case",
    "CaseQuerySet",
    "Decision",
    "Embedding",
    "EmbeddingChange",
    "EmbeddingCounter",
    "EncodingModel",
    "Favourite",
    "Finding",
    "HistoryEntry",
    "Image",
    "ImageQuerySet",
    "LabelSet",
    "Map",
    "MapPoint",
    "NearPair",
    "PendingVector",
    "PendingWords",
    "Place",
    "Policy",
    "PrintBlocking",
    "QueryPicture",
    "RecentSearch",
    "Report",
    "SavedSearch",
    "Serving",
    "Strike",
    "Suspension",
    "Sweep",
    "Tag",
    "Tagging",
    "Upload",
    "UploadQuerySet",
    "User",
    "Vocabulary",
    "WrittenTag",
    "serving_model",
    "serving_vectors",
    "words_of",
]
