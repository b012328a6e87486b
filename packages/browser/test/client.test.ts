import {
  type BareClient,
  type ClientEvent,
  publish,
  type StandardSchema,
  status,
  table,
  topic,
  watch,
  withVerbs,
} from '@spanwire/core'
import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import { createGateway, type Gateway } from '@spanwire/gateway'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type BrowserClientOptions, createBrowserClient } from '../src/index.js'
import { PlayedPage } from './page.js'

interface Quote {
  readonly symbol: string
  readonly bid: number
}

const Quote: StandardSchema<Quote> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Quote }) },
}

const quotes = topic('quotes.{symbol}', Quote, { delivery: 'durable', latest: true })

let engine: MemoryEngine
let gateway: Gateway
let page: PlayedPage
const tokens: (string | undefined)[] = []
const opened: BareClient[] = []

function serve(port = 0): Promise<Gateway> {
  return createGateway({
    upstream: () =>
      memory(engine).connect(
        ['memory'],
        { client: 'gateway', nonce: 'A'.repeat(16), missing: 'create', credentials: async () => ({ by: 'none' }) },
        AbortSignal.timeout(5000),
      ),
    listen: { port },
    authenticate: (token) => {
      tokens.push(token)
      if (token === 'bad') throw new Error('no')
      return { subject: 'desk' }
    },
    authorize: () => true,
  })
}

beforeEach(async () => {
  engine = createEngine()
  page = new PlayedPage()
  gateway = await serve()
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close({ timeout: 1000 })))
  await gateway.close()
  engine.kill()
  tokens.length = 0
})

function open(
  options: Partial<BrowserClientOptions<'local'>> & { readonly token?: string | (() => string) } = {},
): BareClient {
  const { token, ...rest } = options
  const client = createBrowserClient({
    sites: {
      local: { url: gateway.url, location: { environment: 'cloud' }, ...(token === undefined ? {} : { token }) },
    },
    WebSocket,
    page,
    ...rest,
  })
  opened.push(client)
  return client
}

const state = (client: BareClient): string | undefined => status(client).sites[0]?.state
const up = (client: BareClient): Promise<void> => vi.waitFor(() => expect(state(client)).toBe('up'), 5000)

/** Every change of the site's state from now on. */
function trace(client: BareClient): string[] {
  const seen: string[] = []
  const read = async (): Promise<void> => {
    for await (const event of watch(client)) if (isSite(event)) seen.push(event.to)
  }
  void read()
  return seen
}

const isSite = (event: ClientEvent): event is ClientEvent & { readonly type: 'site' } => event.type === 'site'

describe('a client of a page', () => {
  it('publishes and reads through the gateway, with its token in the first frame', async () => {
    const client = open({ token: () => 'good' })
    const board = table(client, quotes)
    await board.ready
    await publish(client, quotes, { symbol: 'IBM', bid: 1 })
    await vi.waitFor(() => expect(board.get('IBM')?.value.bid).toBe(1))
    expect(tokens).toEqual(['good'])
  })

  it('has the verbs that it was given as methods, and is the same client', async () => {
    const bare = open()
    const client = withVerbs(bare, { table, publish })
    expect(Object.keys(client).sort()).toEqual(['close', 'publish', 'table'])
    const board = table(bare, quotes)
    await board.ready
    await client.publish(quotes, { symbol: 'IBM', bid: 1 })
    await vi.waitFor(() => expect(board.get('IBM')?.value.bid).toBe(1))
    await client.close()
    expect(page.listeners).toBe(0)
    expect(state(bare)).toBe('closed')
    await expect(publish(bare, quotes, { symbol: 'IBM', bid: 2 })).rejects.toMatchObject({ code: 'closed' })
  })

  it('says that its token was refused', async () => {
    const client = open({ token: 'bad' })
    await vi.waitFor(() => expect(status(client).sites[0]).toMatchObject({ error: { code: 'unauthenticated' } }))
  })

  it('works without a page, as in a worker', async () => {
    const client = createBrowserClient({
      sites: { local: { url: [gateway.url], location: { environment: 'cloud' } } },
      WebSocket,
    })
    opened.push(client)
    await up(client)
    expect(page.listeners).toBe(0)
  })

  it('leaves no listener behind when it is closed, by either way', async () => {
    const first = open()
    expect(page.listeners).toBe(4)
    await first.close({ timeout: 0 })
    expect(page.listeners).toBe(0)
    const second = open()
    expect(page.listeners).toBe(4)
    await second[Symbol.asyncDispose]()
    expect(page.listeners).toBe(0)
  })
})

describe('a page that goes into the cache and comes back', () => {
  it('leaves as planned, stays away, and goes on where it was without a failure', async () => {
    const client = open()
    const board = table(client, quotes)
    await board.ready
    await publish(client, quotes, { symbol: 'IBM', bid: 1 })
    await vi.waitFor(() => expect(board.get('IBM')?.stale).toBe(false))
    const seen = trace(client)
    page.leave()
    await vi.waitFor(() => expect(gateway.health().connections).toBe(0))
    page.online()
    expect(state(client)).toBe('idle')
    await vi.waitFor(() => expect(board.get('IBM')?.stale).toBe(true))
    const other = open({ page: new PlayedPage() })
    await publish(other, quotes, { symbol: 'IBM', bid: 2 })
    page.comeBack()
    await vi.waitFor(() => expect(board.get('IBM')).toMatchObject({ value: { bid: 2 }, stale: false }))
    expect(seen).toEqual(['idle', 'dialing', 'up'])
  })

  it('sends then what was published while it was away', async () => {
    const client = open()
    await up(client)
    page.leave()
    const sent = publish(client, quotes, { symbol: 'IBM', bid: 3 })
    page.comeBack()
    await expect(sent).resolves.toMatchObject({ sites: ['local'] })
  })
})

describe('a network that comes back', () => {
  it('is used at once instead of at the next try', async () => {
    const client = open()
    await up(client)
    const { port } = gateway
    await gateway.close()
    await vi.waitFor(() => expect(status(client).sites[0]).toMatchObject({ state: 'waiting', attempt: 2 }), 5000)
    gateway = await serve(port)
    await vi.waitFor(() => {
      if (state(client) === 'waiting') page.online()
      expect(state(client)).toBe('dialing')
    })
    await up(client)
  })
})

describe('a hidden page', () => {
  it.each([
    ['shown before', 'visible'],
    ['made while it is hidden', 'hidden'],
  ] as const)('gets less in a table %s, the newest in the end, and everything again when it is seen', async (_, at) => {
    page.turn(at)
    const client = open()
    const board = table(client, quotes)
    await board.ready
    const seen = new Set<number | undefined>()
    const read = async (): Promise<void> => {
      for await (const _paths of board.changes()) seen.add(board.get('IBM')?.value.bid)
    }
    void read()
    const shows = (bid: number) => vi.waitFor(() => expect(board.get('IBM')?.value.bid).toBe(bid), 5000)
    page.turn('hidden')
    for (let bid = 1; bid <= 50; bid++) await publish(client, quotes, { symbol: 'IBM', bid })
    await shows(50)
    // One a second; half of them leaves room for a machine on which fifty publishes take half a minute.
    expect(seen.size).toBeLessThan(25)
    page.turn('visible')
    for (let bid = 51; bid <= 70; bid++) {
      await publish(client, quotes, { symbol: 'IBM', bid })
      await shows(bid)
    }
    expect([...seen].filter((bid) => bid !== undefined && bid > 50)).toHaveLength(20)
  })
})
