"""Those we do business with. A vendor is a party that sells to us, a customer one that buys."""

from bureau.parties.models.customers import Customer, CustomerType, Gender
from bureau.parties.models.parties import Party
from bureau.parties.models.vendors import AccountState, BankAccount, Vendor

__all__ = ["AccountState", "BankAccount", "Customer", "CustomerType", "Gender", "Party", "Vendor"]
