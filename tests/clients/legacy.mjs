// subscriptions-transport-ws: the client of the older protocol.
import { SubscriptionClient } from "subscriptions-transport-ws/dist/client.js";
import WebSocket from "ws";

const client = new SubscriptionClient(process.argv[2], { connectionParams: { authorization: "Bearer t" } }, WebSocket);
const all = (query) =>
  new Promise((resolve) => {
    const results = [];
    client.request({ query }).subscribe({
      next: (each) => results.push(each),
      error: (error) => resolve({ error: error.message }),
      complete: () => resolve(results),
    });
  });
const query = await all("{ hello }");
const count = await all("subscription { count(to: 3) }");
const wrong = await all("{ nope }");
client.close();
console.log(JSON.stringify({ query, count, wrong }));
