// The REST service as a subgraph, its types joined by batched lookups.
import { defineConfig } from '@graphql-mesh/compose-cli'
import { loadJSONSchemaSubgraph } from '@omnigraph/json-schema'

const [integer, text, number, truth] = ['integer', 'string', 'number', 'boolean'].map((type) => ({ type }))
const list = (title, properties) => ({
  type: 'array',
  title: `${title}List`,
  items: { type: 'object', title, properties, required: Object.keys(properties), additionalProperties: false }
})
const all = (field, responseSchema) => ({ type: 'Query', field, path: `/${field}`, method: 'GET', responseSchema })
const many = (field, responseSchema) => ({
  ...all(field, responseSchema),
  argTypeMap: { id: { type: 'array', items: integer } },
  queryParamArgMap: { id: 'id' }
})

export const composeConfig = defineConfig({
  subgraphs: [
    {
      sourceHandler: loadJSONSchemaSubgraph('api', {
        endpoint: process.env.UPSTREAM,
        operationHeaders: { authorization: '{context.headers.authorization}' },
        queryStringOptions: { arrayFormat: 'repeat' },
        operations: [
          all('posts', list('Post', { id: integer, userId: integer, title: text, views: integer, body: text })),
          all('records', list('Record', { id: integer, name: text, city: text, score: number, active: truth })),
          many('users', list('User', { id: integer, name: text, email: text, companyId: integer })),
          many('companies', list('Company', { id: integer, name: text }))
        ]
      })
    }
  ],
  additionalTypeDefs: `
    extend type Query { hello: String! }
    extend type Post {
      user: User @resolveTo(
        sourceName: "api", sourceTypeName: "Query", sourceFieldName: "users"
        requiredSelectionSet: "{ userId }", keyField: "userId", keysArg: "id"
      )
    }
    extend type User {
      company: Company @resolveTo(
        sourceName: "api", sourceTypeName: "Query", sourceFieldName: "companies"
        requiredSelectionSet: "{ companyId }", keyField: "companyId", keysArg: "id"
      )
    }
  `
})
