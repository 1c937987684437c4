// graphql-ws: a query, a subscription, and one that goes on after the server drops the connection.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const url = process.argv[2];
let connections = 0;
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  retryAttempts: 5,
  retryWait: async () => {},
  connectionParams: { authorization: "Bearer t" },
  on: {
    connected: (socket) => {
      connections += 1;
      if (connections === 1) globalThis.first = socket;
    },
  },
});
const all = (query) =>
  new Promise((resolve, reject) => {
    const results = [];
    client.subscribe({ query }, { next: (each) => results.push(each), error: reject, complete: () => resolve(results) });
  });
const once = await new Promise((resolve, reject) => {
  const results = [];
  client.subscribe(
    { query: "subscription { count(to: 2, pause: 0.2) }" },
    {
      next: (each) => {
        results.push(each);
        if (connections === 1) globalThis.first.terminate();
      },
      error: reject,
      complete: () => resolve(results),
    },
  );
});
const query = await all("{ hello }");
const count = await all("subscription { count(to: 3) }");
await client.dispose();
console.log(JSON.stringify({ query, count, once, connections }));
