"""Documents that requests name instead of carrying: persisted queries and trusted documents."""
