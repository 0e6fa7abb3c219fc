from django.urls import path

from bureau.web.cases.views import boards, creating, documents, links, lists, merging, moving, showing, viewing

urlpatterns = [
    path("cases/", lists.case_list, name="cases"),
    path("cases/board/", boards.board, name="case-board"),
    path("cases/new/", creating.new, name="case-new"),
    path("cases/new/customers/", creating.customers, name="case-customers"),
    path("cases/new/outlook/", creating.outlook, name="case-outlook"),
    path("cases/<int:pk>/", showing.show, name="case"),
    path("cases/<int:pk>/edit/", showing.edit, name="case-edit"),
    path("cases/<int:pk>/notes/", showing.note, name="case-notes"),
    path("cases/<int:pk>/move/", moving.move, name="case-move"),
    path("cases/<int:pk>/delete/", moving.delete, name="case-delete"),
    path("cases/<int:pk>/documents/", documents.add, name="case-document-add"),
    path("cases/<int:pk>/merge/", merging.merge, name="case-merge"),
    path("cases/<int:pk>/links/", links.make, name="case-link-new"),
    path("cases/<int:pk>/links/<uuid:uuid>/revoke/", links.revoke, name="case-link-revoke"),
    path("cases/documents/<int:pk>/", viewing.view, name="case-document"),
    path("cases/documents/<int:pk>/file/", viewing.file, name="case-document-file"),
    path("cases/documents/<int:pk>/thumbnail/", viewing.thumbnail, name="case-document-thumbnail"),
    path("cases/documents/<int:pk>/pages/<int:number>/", viewing.picture, name="case-document-page"),
    path("cases/documents/<int:pk>/save/", documents.fill, name="case-document-save"),
    path("cases/documents/<int:pk>/check/", documents.check, name="case-document-check"),
    path("cases/documents/<int:pk>/remove/", documents.remove, name="case-document-remove"),
    path("cases/documents/<int:pk>/actions/<slug:name>/", documents.act, name="case-document-action"),
]
