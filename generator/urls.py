from django.urls import path

from generator import views

app_name = "generator"
urlpatterns = [
    path("studio/", views.studio, name="studio"),
    path("studio/jobs", views.own_jobs, name="jobs"),
    path("studio/side-by-side/", views.compare_jobs, name="side_by_side"),
    path("studio/<uuid:job_id>/", views.job, name="job"),
    path("studio/<uuid:job_id>/stop/", views.stop, name="stop"),
    path("studio/<uuid:job_id>/cancel/", views.cancel, name="cancel"),
    path("studio/<uuid:job_id>/status", views.status, name="status"),
    path("studio/<uuid:job_id>/frame", views.frame, name="frame"),
]
