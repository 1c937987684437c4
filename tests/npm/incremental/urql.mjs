// node urql.mjs URL DOCUMENT: prints every result of urql.
import { Client, fetchExchange } from "@urql/core";
import { open, say } from "./open.mjs";

const [url, document] = process.argv.slice(2);
const client = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false });
const results = [];
client.query(document, {}).subscribe(async ({ data, error, hasNext }) => {
  results.push({ data, hasNext, errors: error?.graphQLErrors.map(({ message, path }) => ({ message, path })) });
  if (results.length === 1) await open(url);
  if (!hasNext) say(results);
});
