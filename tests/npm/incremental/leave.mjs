// node leave.mjs URL DOCUMENT: an Apollo client that reads one part and leaves. Prints that part.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Defer20220824Handler } from "@apollo/client/incremental";
import { say } from "./open.mjs";

const [url, document] = process.argv.slice(2);
const client = new ApolloClient({
  link: new HttpLink({ uri: url }),
  cache: new InMemoryCache(),
  incrementalHandler: new Defer20220824Handler(),
});
const subscription = client.watchQuery({ query: gql(document), notifyOnNetworkStatusChange: false }).subscribe({
  next: ({ data }) => {
    if (data == null) return;
    say(data);
    subscription.unsubscribe();
  },
});
setInterval(() => {}, 1000); // what ends the connection is the unsubscription, not the end of this process
