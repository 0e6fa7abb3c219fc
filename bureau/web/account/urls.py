from django.urls import path

from bureau.web.account import views

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("forgot-password/", views.password_forgot, name="password-forgot"),
    path("reset-password/<str:uid>/<str:token>/", views.password_reset, name="password-reset"),
    path("account/", views.account, name="account"),
    path("theme/", views.theme, name="theme"),
]
