from django.urls import path

from gallery.people import views as people
from gallery.views import favourites, files, finding, moderation, pictures, tags, trash, uploading, which

app_name = "gallery"
urlpatterns = [
    path("gallery/", pictures.mine, name="mine"),
    path("gallery/tiles", pictures.tiles, name="tiles"),
    path("favourites/", favourites.favourites, name="favourites"),
    path("tags/", tags.tags, name="tags"),
    path("tags/<str:name>/", tags.tag, name="tag"),
    path("trash/", trash.trash, name="trash"),
    path("trash/restore/", trash.put_back, name="trash_restore"),
    path("trash/delete/", trash.delete, name="trash_delete"),
    path("trash/empty/", trash.empty, name="trash_empty"),
    path("trash/<uuid:pk>/thumbnail", trash.thumbnail, name="trash_thumbnail"),
    path("explore/", pictures.explore, name="explore"),
    path("upload/", uploading.upload, name="upload"),
    path("pictures/<uuid:pk>/", pictures.picture, name="picture"),
    path("pictures/<uuid:pk>/view", pictures.view_fragment, name="view"),
    path("pictures/<uuid:pk>/original", files.original, name="original"),
    path("pictures/<uuid:pk>/thumbnail/<int:size>", files.thumbnail, name="thumbnail"),
    path("pictures/<uuid:pk>/edit/", pictures.edit, name="edit"),
    path("pictures/<uuid:pk>/delete/", pictures.delete, name="delete"),
    path("pictures/<uuid:pk>/favourite/", favourites.add, name="favourite"),
    path("pictures/<uuid:pk>/unfavourite/", favourites.remove, name="unfavourite"),
    path("pictures/<uuid:pk>/hide/", moderation.hide, name="hide"),
    path("pictures/<uuid:pk>/unhide/", moderation.unhide, name="unhide"),
    path("pictures/<uuid:pk>/similar/", finding.similar, name="similar"),
    path("search/", finding.search, name="search"),
    path("which/", which.which, name="which"),
    path("profile/", people.profile, name="profile"),
]
