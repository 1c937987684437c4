"""The warehouse (SOAP): one item per call, so lists ask for at most eight at once."""

from connectors import soap

warehouse = soap("warehouse")

stock = warehouse.call("GetStock", sku="{sku}", at="Quantity", each=8)
stock_details = warehouse.call("GetStock", sku="{sku}", each=8)
