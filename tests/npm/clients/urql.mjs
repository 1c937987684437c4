// urql: a query, a mutation and an error; then persisted queries over POST and over GET.
import { Client, fetchExchange, gql } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { codes, recorded, taken } from './recorded.mjs';

const url = process.argv[2];
const HELLO = gql`query Hello($name: String!) { hello(name: $name) }`;

function client(...before) {
  return new Client({ url, fetch: recorded, preferGetMethod: false, exchanges: [...before, fetchExchange] });
}

const hello = async (from, name) => {
  const { data, error } = await from.query(HELLO, { name });
  return error ? codes(error.graphQLErrors) : data;
};

const plain = client();
const told = {
  query: await hello(plain, 'Ada'),
  mutation: (await plain.mutation(gql`mutation Change { change }`, {})).data,
  error: codes((await plain.query(gql`query Bad { nope }`, {})).error.graphQLErrors),
};
taken();
for (const [name, preferGetForPersistedQueries] of [['post', false], ['get', 'force']]) {
  const persisting = client(persistedExchange({ preferGetForPersistedQueries }));
  const answers = [await hello(persisting, name), await hello(persisting, 'again')];
  told[name] = { answers, sent: taken() };
}
console.log(JSON.stringify(told));
