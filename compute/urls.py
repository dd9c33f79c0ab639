"""Addresses of the operator's page."""

from __future__ import annotations

from django.urls import path

from compute import views

urlpatterns = [
    path("operate/", views.operate, name="operate"),
    path("operate/panel/", views.operate_panel, name="operate_panel"),
    path("operate/workers/<int:worker_id>/<str:action>/", views.operate_worker, name="operate_worker"),
]
