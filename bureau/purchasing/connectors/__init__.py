"""Connections to accounting: where projects, cost codes and vendors come from, and where approved orders go."""

from bureau.purchasing.connectors.posting import post_order_later
from bureau.purchasing.connectors.syncing import SyncReport, sync

__all__ = ["SyncReport", "post_order_later", "sync"]
