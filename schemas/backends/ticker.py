"""The ticker (websocket): live prices, one upstream socket for all viewers."""

from connectors import websocket

ticker = websocket("ticker")

ticks = ticker.subscribe(
    {"op": "sub", "sym": "{sku}"},
    unsubscribe={"op": "unsub", "sym": "{sku}"},
    topic="sym",
    when={"type": "tick"},
    at="data",
    last=True,
)
