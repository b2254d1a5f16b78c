"""The addresses of the browser application: the live page, and signing in and out."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from frontend.views import index

urlpatterns = [
    path("", index, name="live-page"),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
