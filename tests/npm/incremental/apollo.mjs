// node apollo.mjs URL defer20220824|graphql17Alpha9 DOCUMENT: prints every result of Apollo Client.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Defer20220824Handler, GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { open, say } from "./open.mjs";

const [url, form, document] = process.argv.slice(2);
const client = new ApolloClient({
  link: new HttpLink({ uri: url }),
  cache: new InMemoryCache(),
  incrementalHandler: form === "defer20220824" ? new Defer20220824Handler() : new GraphQL17Alpha9Handler(),
});
const query = gql(document);
const results = [];
let opened = false;
const isSubscription = query.definitions[0].operation === "subscription";
const source = isSubscription
  ? client.subscribe({ query })
  : client.watchQuery({ query, errorPolicy: "all" });

const end = () => (say(results), process.exit(0));
source.subscribe({
  next: async ({ data, dataState, error, loading }) => {
    if (data == null && error == null) return; // nothing has come yet
    results.push({ data, dataState, errors: error?.errors?.map(({ message, path, extensions }) => ({ message, path, extensions })) });
    if (!opened) {
      opened = true;
      await open(url);
    }
    if (!isSubscription && !loading) end();
  },
  error: (error) => (results.push({ failure: String(error) }), end()),
  complete: end,
});
