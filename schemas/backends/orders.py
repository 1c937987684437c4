"""Orders (message queue): orders go out as messages, their progress comes back as events; shipping is asked for."""

from connectors import queue

orders = queue("orders")

placed = orders.publish("orders.placed")
updates = orders.subscribe("orders.updates", where={"id": "{id}"})
shipping_quote = orders.request("shipping.quote", {"country": "{country}", "weight": "{weight}"}, each=8)
