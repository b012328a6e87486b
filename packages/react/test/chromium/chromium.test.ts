import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Client, createClient } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { createGateway, type Gateway } from '@spanwire/gateway'
import { type Browser, chromium, type Page } from 'playwright'
import { build } from 'vite'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { quotes } from './contract.js'

const { CHROMIUM_PATH } = process.env
const entry = fileURLToPath(new URL('./page.tsx', import.meta.url))
const packages = fileURLToPath(new URL('../../..', import.meta.url))

/** The page as one script. */
async function bundle(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"development"' },
    resolve: { alias: [{ find: /^@spanwire\/([a-z-]+)$/, replacement: `${packages}/$1/src/index.ts` }] },
    build: { write: false, minify: false, lib: { entry, formats: ['es'], fileName: 'page' } },
  })
  const [{ output } = { output: [] }] = Array.isArray(result) ? result : []
  const script = output.find((file) => file.type === 'chunk')
  return script?.type === 'chunk' ? script.code : ''
}

describe('in Chromium', () => {
  let engine: ReturnType<typeof createEngine>
  let feed: Client
  let gateway: Gateway
  let server: Server
  let origin = ''
  let browser: Browser | undefined

  beforeAll(async () => {
    if (!CHROMIUM_PATH) return
    const script = await bundle()
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
      response.setHeader('content-type', pathname === '/page.js' ? 'text/javascript' : 'text/html')
      if (pathname === '/page.js') response.end(script)
      else if (pathname === '/away') response.end('<!doctype html><title>away</title>away')
      else
        response.end(
          '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="/page.js"></script>',
        )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    engine = createEngine()
    gateway = await createGateway({
      upstream: () =>
        memory(engine).connect(
          ['memory'],
          { client: 'gateway', nonce: 'A'.repeat(16), missing: 'create', credentials: async () => ({ by: 'none' }) },
          AbortSignal.timeout(5000),
        ),
      listen: { port: 0 },
      authenticate: () => ({ subject: 'page' }),
      authorize: () => true,
      origins: [origin],
    })
    feed = createClient({
      here: { environment: 'cloud' },
      sites: { local: { location: { environment: 'cloud' }, driver: memory(engine), endpoints: ['memory'] } },
    })
    browser = await chromium.launch({
      executablePath: CHROMIUM_PATH,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
      // Playwright switches the cache off; it is what is tested here.
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    })
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await feed?.close({ timeout: 1000 })
    await gateway?.close()
    server?.close()
  })

  beforeEach(({ skip }) => skip(!CHROMIUM_PATH, 'no Chromium (set CHROMIUM_PATH or apt-get install chromium)'))

  async function show(): Promise<Page> {
    const page = await browser?.newPage()
    if (!page) throw new Error('no browser')
    await page.goto(`${origin}/?gateway=${encodeURIComponent(gateway.url)}`)
    return page
  }

  const publish = (bid: number): Promise<unknown> =>
    Promise.all(['AAPL', 'IBM', 'MSFT'].map((symbol) => feed.publish(quotes, { symbol, bid })))
  const text = (page: Page, symbol: string): Promise<string | null> => page.textContent(`#${symbol}`)
  const shows = (page: Page, symbol: string, value: string) =>
    vi.waitFor(async () => expect(await text(page, symbol)).toBe(value), 10_000)

  it('draws in frames, with one socket, also in strict mode', async () => {
    await publish(1)
    const page = await show()
    await shows(page, 'IBM', '1 live')
    expect(await page.textContent('output')).toBe('connected')
    expect(gateway.health().connections).toBe(1)
    const before = await page.evaluate(() => ({ ...window.told.rows }))
    await feed.publish(quotes, { symbol: 'IBM', bid: 2 })
    await shows(page, 'IBM', '2 live')
    const after = await page.evaluate(() => window.told.rows)
    // Strict mode draws twice each time.
    expect(after).toEqual({ ...before, IBM: (before['IBM'] ?? 0) + 2 })
    await page.close()
    await vi.waitFor(() => expect(gateway.health().connections).toBe(0), 5000)
  })

  it('goes into the back/forward cache, comes back with it, and counts no failure', async () => {
    await publish(3)
    const page = await show()
    await shows(page, 'AAPL', '3 live')
    await page.goto(`${origin}/away`)
    await vi.waitFor(() => expect(gateway.health().connections).toBe(0), 5000)
    await publish(4)
    await page.goBack({ waitUntil: 'commit' })
    await shows(page, 'AAPL', '4 live')
    const { cached, sites } = await page.evaluate(() => window.told)
    expect(cached).toBe(true)
    expect(sites.filter((change) => change.includes('waiting'))).toEqual([])
    await page.close()
  })
})
