from django.contrib import admin
from django.urls import include, path

from clipweb import health, pages
from clipweb.registry import views as registry
from clipweb.training import views as training
from gallery.people import views as people

urlpatterns = [
    path("", pages.home, name="home"),
    path("", include("gallery.urls")),
    path("", include("generator.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/second-factor/", include("gallery.people.second_factor_urls")),
    path("shortcuts/", pages.shortcuts, name="shortcuts"),
    path("i18n/setlang/", people.set_language, name="set_language"),
    path("admin/login/", pages.admin_entrance),  # Django's own would let people in by password alone
    path("admin/", admin.site.urls),
    path("health", health.machine, name="health"),
    path("health/live", health.live, name="health_live"),
    path("status/", health.page, name="status"),
    path("models/all/", registry.registry, name="registry"),
    path("models/use/", registry.use, name="registry_use"),
    path("models/verify/", registry.verify, name="registry_verify"),
    path("models/remove/<str:name>/", registry.remove, name="registry_remove"),
    path("training/", training.runs, name="trainings"),
    path("training/<str:name>/", training.run, name="training"),
    path("training/<str:name>/curves.svg", training.curves, name="training_curves"),
    path("training/<str:name>/samples/<int:step>.png", training.sample, name="training_sample"),
]
