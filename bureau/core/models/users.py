from typing import ClassVar
from uuid import UUID, uuid4

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from bureau.core.models.organizations import Organization

models.CharField.register_lookup(Lower)
models.EmailField.register_lookup(Lower)


class UserRole(models.TextChoices):
    OWNER = "owner", "Owner"
    MEMBER = "member", "Member"
    STAFF = "staff", "Staff"
    FOREMAN = "foreman", "Foreman"
    SUPER = "super", "Superintendent"
    PM = "pm", "Project manager"
    ADMIN = "admin", "Administrator"


ORGANIZATION_WIDE = frozenset({UserRole.OWNER, UserRole.STAFF, UserRole.PM, UserRole.ADMIN})
"""Roles that see every record of their organization."""
ADMINISTRATORS = frozenset({UserRole.OWNER, UserRole.ADMIN})


def full_name(first_name: str, last_name: str, username: str) -> str:
    """How a person is called: by name, else by username."""
    return f"{first_name} {last_name}".strip() or username


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: "User") -> "UserQuerySet":
        """Administrators and project managers see the people of their organization, everybody else themselves."""
        if user.is_superuser:
            return self
        if user.role in ADMINISTRATORS or user.role == UserRole.PM:
            return self.filter(organization_id=user.organization_id)
        return self.filter(pk=user.pk)


class UserManager(DjangoUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    use_in_migrations = False


class User(AbstractBaseUser):
    id: int
    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="users")
    organization_id: int
    username = models.CharField(max_length=150)
    email = models.EmailField(max_length=254)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=10, choices=UserRole.choices, default=UserRole.MEMBER)
    authorization_limit = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="empty: no limit for administrators, none to give for others",
    )
    is_active = models.BooleanField(default=True)
    is_superuser = models.BooleanField(default=False)
    shortcuts = models.BooleanField(default=True, help_text="single-key shortcuts in the pages")
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar = UserManager()

    family_id: UUID | None = None
    """The sign-in whose token this caller came with; None for a session."""

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_username_unique"),
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
        ]
        indexes = [models.Index(fields=["organization", "id"], name="user_organization")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return full_name(self.first_name, self.last_name, self.username)

    @property
    def sees_organization(self) -> bool:
        return self.is_superuser or self.role in ORGANIZATION_WIDE

    @property
    def administers(self) -> bool:
        """May manage people, teams, forms, workflows and settings of their organization."""
        return self.is_superuser or self.role in ADMINISTRATORS

    def get_full_name(self) -> str:
        return self.name
