import type { MessagingError } from '@spanwire/driver'
import { createEngine, memory } from '@spanwire/driver-memory'
import { type Client, type ClientEvent, type ClientOptions, createClient, primary } from '../src/index.js'
import { virtualRuntime } from '../src/runtime/virtual.js'

const here = { environment: 'on-prem' } as const
const cloud = { environment: 'cloud' } as const

interface Setup {
  readonly seed?: number
  /** Where `b` is; `a` is always where the clients are. Default: elsewhere. */
  readonly b?: 'here' | 'elsewhere'
  /** Whether engines let clients in. */
  readonly authenticate?: (site: 'a' | 'b') => boolean
}

/** Engines at two sites, and clients that prefer `a`, on one clock that only the test moves. */
export function twoEngines({ seed, b: place = 'elsewhere', authenticate = () => true }: Setup = {}) {
  const runtime = virtualRuntime(seed)
  const engine = (name: 'a' | 'b') => createEngine({ clock: runtime, name, authenticate: () => authenticate(name) })
  const [a, b] = [engine('a'), engine('b')]
  const client = (options: Partial<ClientOptions<'a' | 'b'>> = {}): Client =>
    createClient<'a' | 'b'>({
      here,
      runtime,
      sites: {
        a: { location: here, driver: memory(a), endpoints: ['a'] },
        b: { location: place === 'here' ? here : cloud, driver: memory(b), endpoints: ['b'] },
      },
      routes: [{ match: '>', policy: primary('a', 'b') }],
      ...options,
    })
  return { runtime, a, b, client }
}

/** All that happens to a client from now on. */
export function follow(client: Client): ClientEvent[] {
  const events: ClientEvent[] = []
  void (async () => {
    for await (const event of client.watch()) events.push(event)
  })()
  return events
}

/** How it ends, once it has. */
export function settling<T>(promise: Promise<T>): { readonly value?: T; readonly error?: MessagingError } {
  const result: { value?: T; error?: MessagingError } = {}
  promise.then(
    (value) => {
      result.value = value
    },
    (error: MessagingError) => {
      result.error = error
    },
  )
  return result
}
