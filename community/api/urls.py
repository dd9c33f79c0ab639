"""Addresses under /api/v1/ that concern people."""

from __future__ import annotations

from django.urls import path

from community.api import views

urlpatterns = [
    path("auth/register/", views.RegisterView.as_view()),
    path("auth/token/", views.TokenView.as_view()),
    path("auth/me/", views.MeView.as_view()),
    path("auth/me/export/", views.MeExportView.as_view()),
    path("notifications/", views.NotificationsView.as_view()),
]
