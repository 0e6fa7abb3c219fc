from django.urls import path

from bureau.web.quotes.views import acting, lists, showing

urlpatterns = [
    path("quotes/", lists.quote_list, name="quotes"),
    path("quotes/<int:pk>/", showing.quote, name="quote"),
    path("quotes/<int:pk>/versions/<int:number>/", showing.version, name="quote-version"),
    path("quotes/<int:pk>/pdf/", showing.pdf, name="quote-pdf"),
    path("quotes/<int:pk>/send/", acting.send, name="quote-send"),
    path("quotes/<int:pk>/sent/", acting.mark_sent, name="quote-sent"),
    path("quotes/<int:pk>/decide/", acting.decide, name="quote-decide"),
    path("quotes/<int:pk>/convert/", acting.convert, name="quote-convert"),
    path("quotes/<int:pk>/delete/", acting.delete, name="quote-delete"),
    path("quotes/<int:pk>/links/", acting.make_link, name="quote-link-new"),
    path("quotes/<int:pk>/links/<uuid:uuid>/revoke/", acting.revoke, name="quote-link-revoke"),
]
