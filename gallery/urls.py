from django.urls import path

from gallery.people import views as people
from gallery.views import duplicates, files, finding, moderation, pictures, receiving, uploading, which

app_name = "gallery"
urlpatterns = [
    path("gallery/", pictures.mine, name="mine"),
    path("gallery/tiles", pictures.tiles, name="tiles"),
    path("gallery/states", pictures.states, name="states"),
    path("explore/", pictures.explore, name="explore"),
    path("upload/", uploading.upload, name="upload"),
    path("uploads/", receiving.uploads, name="uploads"),
    path("uploads/<uuid:pk>", receiving.upload, name="send"),
    path("uploads/<uuid:pk>/store", receiving.store, name="store"),
    path("pictures/<uuid:pk>/", pictures.picture, name="picture"),
    path("pictures/<uuid:pk>/view", pictures.view_fragment, name="view"),
    path("pictures/<uuid:pk>/original", files.original, name="original"),
    path("pictures/<uuid:pk>/thumbnail/<int:size>", files.thumbnail, name="thumbnail"),
    path("pictures/<uuid:pk>/edit/", pictures.edit, name="edit"),
    path("pictures/<uuid:pk>/delete/", pictures.delete, name="delete"),
    path("pictures/<uuid:pk>/hide/", moderation.hide, name="hide"),
    path("pictures/<uuid:pk>/unhide/", moderation.unhide, name="unhide"),
    path("pictures/<uuid:pk>/similar/", finding.similar, name="similar"),
    path("duplicates/", duplicates.review, name="duplicates"),
    path("duplicates/<uuid:group>/keep-all/", duplicates.keep_both, name="keep-all"),
    path("duplicates/<uuid:group>/keep/<uuid:pk>/", duplicates.keep, name="keep-one"),
    path("search/", finding.search, name="search"),
    path("which/", which.which, name="which"),
    path("profile/", people.profile, name="profile"),
]
