"""Short forms that several po answers hold."""

from rest_framework import serializers

from bureau.api.shapes import Computed, Shape
from bureau.core.models import full_name

NAME_PARTS = ("first_name", "last_name", "username")


class PersonRef(Shape):
    id = serializers.IntegerField()
    name = Computed(full_name, serializers.CharField(), parts=NAME_PARTS)


class PersonRole(PersonRef):
    role = serializers.CharField()
