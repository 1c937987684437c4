// Composes the SDL of a file with another subgraph, and builds a subgraph of it; prints errors and hints as JSON.
import { readFileSync } from "node:fs";
import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";

const other = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Product @key(fields: "id") { id: ID! price: Int }
  type Query { prices: Int }`;
const document = parse(readFileSync(process.argv[2], "utf8"));
const composed = composeServices([
  { name: "ours", typeDefs: document },
  { name: "other", typeDefs: parse(other) },
]);
buildSubgraphSchema(document);
const texts = (list) => (list ?? []).map((each) => each.message);
console.log(JSON.stringify({ errors: texts(composed.errors), hints: texts(composed.hints) }));
