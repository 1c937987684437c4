// JIT is on; everything that only a person would look at is off.
import { defineConfig } from '@graphql-hive/gateway'

export const gatewayConfig = defineConfig({
  additionalResolvers: { Query: { hello: () => 'world' } },
  jit: true,
  landingPage: false,
  graphiql: false
})
