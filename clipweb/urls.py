from django.contrib import admin
from django.urls import include, path

from clipweb import health, pages
from gallery.people import views as people

urlpatterns = [
    path("", pages.home, name="home"),
    path("", include("gallery.urls")),
    path("", include("generator.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("shortcuts/", pages.shortcuts, name="shortcuts"),
    path("i18n/setlang/", people.set_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("health", health.machine, name="health"),
    path("health/live", health.live, name="health_live"),
    path("status/", health.page, name="status"),
]
