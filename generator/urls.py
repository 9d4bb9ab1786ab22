from django.urls import path

from generator import actions, batch_views, compare_views, film_views, remix_views, views

app_name = "generator"
urlpatterns = [
    path("studio/", views.studio, name="studio"),
    path("studio/jobs", views.own_jobs, name="jobs"),
    path("studio/side-by-side/", views.compare_jobs, name="side_by_side"),
    path("studio/remix/", remix_views.remix, name="remix"),
    path("studio/compare/<uuid:first_id>/<uuid:second_id>/", compare_views.compare, name="compare"),
    path("studio/<uuid:job_id>/", views.job, name="job"),
    path("studio/batches/new/", batch_views.new, name="batch-new"),
    path("studio/batches/<uuid:batch_id>/", batch_views.batch, name="batch"),
    path("studio/batches/<uuid:batch_id>/sheet", batch_views.sheet, name="sheet"),
    path("studio/arrange/", actions.arrange, name="arrange"),
    path("studio/pause/", actions.pause_all, name="pause-all"),
    path("studio/resume/", actions.resume_all, name="resume-all"),
    path("studio/<uuid:job_id>/stop/", actions.stop, name="stop"),
    path("studio/<uuid:job_id>/cancel/", actions.cancel, name="cancel"),
    path("studio/<uuid:job_id>/continue/", views.continue_job, name="continue"),
    path("studio/<uuid:job_id>/pause/", actions.pause, name="pause"),
    path("studio/<uuid:job_id>/resume/", actions.resume, name="resume"),
    path("studio/<uuid:job_id>/first/", actions.put_first, name="first"),
    path("studio/<uuid:job_id>/back/", actions.put_back, name="back"),
    path("studio/<uuid:job_id>/status", views.status, name="status"),
    path("studio/<uuid:job_id>/frame", views.frame, name="frame"),
    path("studio/<uuid:job_id>/frames/<int:step>", film_views.kept_frame, name="kept-frame"),
    path("studio/<uuid:job_id>/time-lapse/", film_views.time_lapse, name="time-lapse"),
    path("studio/<uuid:job_id>/time-lapse/<str:format>", film_views.time_lapse_file, name="time-lapse-file"),
]
