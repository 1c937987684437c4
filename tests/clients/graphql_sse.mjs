// graphql-sse in one of its modes: a query, two subscriptions at once, and one that is stopped midway.
import { createClient } from "graphql-sse";

const [url, mode] = process.argv.slice(2);
const client = createClient({ url, singleConnection: mode === "single", retryAttempts: 0 });
const all = async (query) => {
  const results = [];
  for await (const each of client.iterate({ query })) results.push(each);
  return results;
};
const stopped = [];
for await (const each of client.iterate({ query: "subscription { count(to: 9, pause: 60) }" })) {
  stopped.push(each);
  break;
}
const query = await all("{ hello }");
const both = await Promise.all([all("subscription { count(to: 3, pause: 0.05) }"), all("subscription { count(to: 2) }")]);
client.dispose();
console.log(JSON.stringify({ query, both, stopped }));
