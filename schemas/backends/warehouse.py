"""The warehouse (SOAP): one item per call, so lists make at most eight calls at a time."""

from connectors import soap

warehouse = soap("warehouse")

stock = warehouse.call("GetStock", sku="{sku}", at="Quantity", each=8)
stock_details = warehouse.call("GetStock", sku="{sku}", each=8)
