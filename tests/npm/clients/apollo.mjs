// Apollo Client: a query, a mutation and an error; then persisted queries over POST and over GET.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client/core';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { createHash } from 'node:crypto';
import { codes, recorded, taken } from './recorded.mjs';

const uri = process.argv[2];
const HELLO = gql`query Hello($name: String!) { hello(name: $name) }`;
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

function client(...before) {
  const link = ApolloLink.from([...before, new HttpLink({ uri, fetch: recorded })]);
  return new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: 'no-cache' } } });
}

const hello = async (from, name) => (await from.query({ query: HELLO, variables: { name } })).data;

const plain = client();
const told = {
  query: await hello(plain, 'Ada'),
  mutation: (await plain.mutate({ mutation: gql`mutation Change { change }` })).data,
  error: await plain.query({ query: gql`query Bad { nope }` }).catch((error) => codes(error.errors)),
};
taken();
for (const [name, useGETForHashedQueries] of [['post', false], ['get', true]]) {
  const persisting = client(new PersistedQueryLink({ sha256, useGETForHashedQueries }));
  const answers = [await hello(persisting, name), await hello(persisting, 'again')];
  told[name] = { answers, sent: taken() };
}
console.log(JSON.stringify(told));
