// Apollo Server on its standalone HTTP server, with dataloader.
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { fieldsByDataloader, loadersOf, root, typeDefs } from './shared.mjs'

const server = new ApolloServer({ typeDefs, resolvers: { Query: root, ...fieldsByDataloader } })
await startStandaloneServer(server, {
  context: async ({ req }) => loadersOf(req.headers.authorization),
  listen: { host: '127.0.0.1', port: Number(process.env.PORT) }
})
