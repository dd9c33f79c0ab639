"""Addresses under /api/v1/ that concern workers."""

from __future__ import annotations

from django.urls import path

from compute.api import workers

urlpatterns = [
    path("workers/", workers.WorkersView.as_view()),
    path("workers/queue/", workers.QueueView.as_view()),
    path("workers/<int:worker_id>/<str:action>/", workers.WorkerActionView.as_view()),
]
