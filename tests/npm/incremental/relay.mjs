// node relay.mjs URL: a deferred fragment in relay-runtime's store, over the parser meros. Prints what is read of it.
import { meros } from "meros/browser";
import relay from "relay-runtime";
import { open, say } from "./open.mjs";

const { createOperationDescriptor, Environment, getSingularSelector, Network, Observable, RecordSource, Store } = relay;
const url = process.argv[2];

// What relay-compiler makes of:
//   query ItemQuery { item { id sku maker { name } ...Later_item @defer(label: "ItemQuery$defer$Later_item") } }
//   fragment Later_item on Item { id maker { name country } tags { name } slow }
const field = (name) => ({ alias: null, args: null, kind: "ScalarField", name, storageKey: null });
const linked = (name, concreteType, plural, selections) => ({
  alias: null, args: null, concreteType, kind: "LinkedField", name, plural, selections, storageKey: null,
});
const label = "ItemQuery$defer$Later_item";
const later = [
  field("id"),
  linked("maker", "Maker", false, [field("name"), field("country")]),
  linked("tags", "Tag", true, [field("name"), field("weight")]),
  field("slow"),
];
const first = [
  field("id"), field("sku"), linked("maker", "Maker", false, [field("name")]),
  linked("tags", "Tag", true, [field("name")]),
];
const fragment = { argumentDefinitions: [], kind: "Fragment", metadata: null, name: "Later_item", selections: later, type: "Item", abstractKey: null };
const request = {
  fragment: {
    argumentDefinitions: [], kind: "Fragment", metadata: null, name: "ItemQuery", type: "Query", abstractKey: null,
    selections: [linked("item", "Item", false, [
      ...first,
      { kind: "Defer", selections: [{ args: null, kind: "FragmentSpread", name: "Later_item" }] },
    ])],
  },
  kind: "Request",
  operation: {
    argumentDefinitions: [], kind: "Operation", name: "ItemQuery",
    selections: [linked("item", "Item", false, [...first, { if: null, kind: "Defer", label, selections: later }])],
  },
  params: {
    cacheID: "1", id: null, metadata: {}, name: "ItemQuery", operationKind: "query",
    text: `query ItemQuery { item { id sku maker { name } tags { name } ...Later_item @defer(label: "${label}") } }
           fragment Later_item on Item { id maker { name country } tags { name weight } slow }`,
  },
};

const warnings = [];
console.error = (...words) => warnings.push(words.join(" "));
console.warn = console.error;

const parts = [];
async function* fetched(params, variables) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "multipart/mixed;deferSpec=20220824, application/json" },
    body: JSON.stringify({ query: params.text, variables }),
  });
  for await (const { json, body } of await meros(response)) {
    if (!json) throw new Error(`not JSON: ${body}`);
    parts.push(body);
    // Relay wants each deferred piece as a response of its own.
    if ("data" in body) yield { data: body.data, errors: body.errors, extensions: { is_final: !body.hasNext } };
    for (const each of body.incremental ?? [])
      yield { data: each.data, path: each.path, label: each.label, errors: each.errors, extensions: { is_final: !body.hasNext } };
  }
}
const network = Network.create((params, variables) =>
  Observable.create((sink) => {
    (async () => {
      for await (const response of fetched(params, variables)) sink.next(response);
      sink.complete();
    })().catch((error) => sink.error(error));
  }),
);
const environment = new Environment({ network, store: new Store(new RecordSource()) });
const operation = createOperationDescriptor(request, {});
const read = () => {
  const { data, isMissingData } = environment.lookup(operation.fragment);
  const selector = data?.item && getSingularSelector(fragment, data.item);
  const deferred = selector && environment.lookup(selector);
  return { item: data?.item && { sku: data.item.sku, maker: data.item.maker }, isMissingData,
    later: deferred && { data: deferred.data, isMissingData: deferred.isMissingData } };
};
const seen = [];
environment.retain(operation);
environment.execute({ operation }).subscribe({
  next: async () => {
    seen.push(read());
    if (seen.length === 1) await open(url);
  },
  error: (error) => say({ failure: String(error), seen, parts, warnings }),
  complete: () => say({ seen, parts, warnings }),
});
