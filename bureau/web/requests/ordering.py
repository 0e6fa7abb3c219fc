"""What a request's page tells about the order that was made of it, or can be."""

from functools import cached_property

from bureau.core.models import User
from bureau.purchasing.models import CostCode, PurchaseOrder, PurchaseRequest
from bureau.purchasing.selectors import conversion as selectors


class Ordering:
    """One request as one person sees it."""

    def __init__(self, item: PurchaseRequest, user: User) -> None:
        self.item = item
        self.user = user

    @cached_property
    def can(self) -> bool:
        return bool(selectors.can_order_request(self.item, self.user))

    @cached_property
    def orders(self) -> list[PurchaseOrder]:
        return list(selectors.orders_of_request(self.item, self.user))

    @cached_property
    def codes(self) -> list[CostCode]:
        return list(selectors.codes_to_order_on(self.user))
