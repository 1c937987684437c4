// Mercurius on Fastify, JIT on. LOADERS=own uses its own N+1 loaders, LOADERS=dataloader the package of that name.
import fastify from 'fastify'
import mercurius from 'mercurius'
import { byIds, fieldsByDataloader, loadersOf, root, typeDefs } from './shared.mjs'

const own = process.env.LOADERS === 'own'
const loaders = {
  Post: { user: (queries, context) => byIds('/users', queries.map(({ obj }) => obj.userId), context.authorization) },
  User: {
    company: (queries, context) => byIds('/companies', queries.map(({ obj }) => obj.companyId), context.authorization)
  }
}

const app = fastify()
app.register(mercurius, {
  schema: typeDefs,
  resolvers: own ? { Query: root } : { Query: root, ...fieldsByDataloader },
  loaders: own ? loaders : undefined,
  context: ({ headers: { authorization } }) => (own ? { authorization } : loadersOf(authorization)),
  jit: 1
})
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
