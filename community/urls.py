"""Addresses of the pages about people and about LUNA."""

from __future__ import annotations

from django.urls import path

from community import views

urlpatterns = [
    path("about/", views.about, name="about"),
    path("account/", views.account, name="account"),
    path("account/tokens/", views.account_token_create, name="account_token_create"),
    path("account/tokens/<int:token_id>/revoke/", views.account_token_revoke, name="account_token_revoke"),
    path("theme/", views.theme, name="theme"),
]
