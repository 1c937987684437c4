// What the Node peers share: the schema, and fetches by undici's pool, its fastest client. NODE_ENV is production.
import DataLoader from 'dataloader'
import { Pool } from 'undici'

const pool = new Pool(process.env.UPSTREAM, { connections: 100 })

export const typeDefs = `
  type Query { hello: String! posts: [Post!]! records: [Record!]! }
  type Post { id: Int! userId: Int! title: String! views: Int! body: String! user: User! }
  type User { id: Int! name: String! email: String! company: Company! }
  type Company { id: Int! name: String! }
  type Record { id: Int! name: String! city: String! score: Float! active: Boolean! }
`

export async function fetchJson (path, authorization) {
  const headers = authorization ? { authorization } : {}
  const { body } = await pool.request({ path, method: 'GET', headers })
  return body.json()
}

export async function byIds (path, ids, authorization) {
  const found = await fetchJson(`${path}?id=${[...new Set(ids)].join('&id=')}`, authorization)
  const byId = new Map(found.map((each) => [each.id, each]))
  return ids.map((id) => byId.get(id))
}

export const root = {
  hello: () => 'world',
  posts: (_, args, context) => fetchJson('/posts', context.authorization),
  records: (_, args, context) => fetchJson('/records', context.authorization)
}

export const loadersOf = (authorization) => ({
  authorization,
  users: new DataLoader((ids) => byIds('/users', ids, authorization)),
  companies: new DataLoader((ids) => byIds('/companies', ids, authorization))
})

export const fieldsByDataloader = {
  Post: { user: (post, args, context) => context.users.load(post.userId) },
  User: { company: (user, args, context) => context.companies.load(user.companyId) }
}
