// relay-runtime: persisted documents by `documentId` and by `doc_id`, a mutation, and a document that is not trusted.
import runtime from 'relay-runtime';
import { codes, recorded } from './recorded.mjs';

const { Environment, Network, RecordSource, Store, commitMutation, fetchQuery } = runtime;
const [url, parameter] = process.argv.slice(2);

// What relay-compiler writes for a persisted operation with one scalar at its root.
function artifact(kind, name, id, field, variable) {
  const args = variable ? [{ kind: 'Variable', name: variable, variableName: variable }] : null;
  const selections = [{ alias: null, args, kind: 'ScalarField', name: field, storageKey: null }];
  const argumentDefinitions = variable ? [{ defaultValue: null, kind: 'LocalArgument', name: variable }] : [];
  const type = kind === 'query' ? 'Query' : 'Mutation';
  return {
    kind: 'Request',
    fragment: { argumentDefinitions, kind: 'Fragment', metadata: null, name, selections, type, abstractKey: null },
    operation: { argumentDefinitions, kind: 'Operation', name, selections },
    params: { id, metadata: {}, name, operationKind: kind, text: null },
  };
}

async function ask({ id }, variables) {
  const body = JSON.stringify({ [parameter]: id, variables });
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' };
  return (await recorded(url, { method: 'POST', headers, body })).json();
}

const environment = new Environment({ network: Network.create(ask), store: new Store(new RecordSource()) });
const hello = (id) => fetchQuery(environment, artifact('query', 'Hello', id, 'hello', 'name'), { name: 'Ada' }).toPromise();
const mutation = artifact('mutation', 'Change', 'change-1', 'change');
const told = {
  query: await hello('hello-1'),
  mutation: await new Promise((onCompleted, onError) => {
    commitMutation(environment, { mutation, variables: {}, onCompleted, onError });
  }),
  error: await hello('other').catch((error) => codes(error.source.errors)),
};
console.log(JSON.stringify(told));
