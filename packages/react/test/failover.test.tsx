import { createClient } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import type { ReactNode } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { type Connection, type FailoverEvent, useChannel, useConnection, useFailover } from '../src/index.js'
import { LINGER_MS } from '../src/store/shared.js'
import { open } from './open.js'
import { publisher } from './site.js'
import { pass, provide, stage } from './stage.js'
import { trades } from './trades.js'

function Lamp({ seen }: { readonly seen: Connection[] }): ReactNode {
  const connection = useConnection()
  seen.push(connection)
  return connection.state
}

function Word({ seen }: { readonly seen: string[] }): ReactNode {
  seen.push(useConnection(({ state }) => (state === 'connected' ? 'on' : 'off')))
  return null
}

interface StoryProps {
  readonly limit?: number
  readonly tell?: (event: FailoverEvent) => void
  readonly seen: (readonly FailoverEvent[])[]
}

function Story({ limit, tell, seen }: StoryProps): ReactNode {
  useChannel(trades, () => {})
  seen.push(useFailover(tell, limit === undefined ? {} : { limit }))
  return null
}

function twoSites() {
  const engines = [createEngine({ name: 'fra' }), createEngine({ name: 'dub' })] as const
  const client = createClient({
    here: { environment: 'edge' },
    sites: {
      frankfurt: { location: { environment: 'on-prem' }, driver: memory(engines[0]), endpoints: ['fra'] },
      dublin: { location: { environment: 'cloud' }, driver: memory(engines[1]), endpoints: ['dub'] },
    },
  })
  return { engines, client, [Symbol.asyncDispose]: () => closed(client.close({ timeout: 0 })) }
}

/** Lets the close take its time on a clock that only tests move. */
async function closed(closing: Promise<void>): Promise<void> {
  await pass(10_000)
  await closing
}

describe('useConnection', () => {
  it('tells by its state that one site is lost, then both, then that they are back', async () => {
    await using world = twoSites()
    const seen: Connection[] = []
    const page = await stage(provide(world.client, <Lamp seen={seen} />))
    await pass(50)
    expect(page.text).toBe('connected')
    expect(seen.at(-1)?.sites.map(({ name, state }) => [name, state])).toEqual([
      ['frankfurt', 'up'],
      ['dublin', 'up'],
    ])
    world.engines[0].kill()
    await pass(50)
    expect(page.text).toBe('degraded')
    world.engines[1].kill()
    await pass(50)
    expect(page.text).toBe('reconnecting')
    for (const engine of world.engines) engine.restart({ data: 'keep' })
    await pass(60_000)
    expect(page.text).toBe('connected')
    await closed(world.client.close())
    await pass(50)
    expect(page.text).toBe('closed')
  })

  it('starts at connecting when no site was ever reached', async () => {
    await using world = twoSites()
    for (const engine of world.engines) engine.kill()
    const page = await stage(provide(world.client, <Lamp seen={[]} />))
    await pass(5000)
    expect(page.text).toBe('connecting')
  })

  it('draws again only when the selected part changes', async () => {
    await using world = twoSites()
    const seen: string[] = []
    await stage(provide(world.client, <Word seen={seen} />))
    await pass(50)
    world.engines[0].kill()
    await pass(50)
    world.engines[1].kill()
    await pass(50)
    expect(seen).toEqual(['off', 'on', 'off'])
  })

  it('follows what the browser says of the network, and leaves no listener behind', async () => {
    await using world = twoSites()
    const added = vi.spyOn(globalThis, 'addEventListener')
    const removed = vi.spyOn(globalThis, 'removeEventListener')
    const online = vi.spyOn(navigator, 'onLine', 'get')
    const page = await stage(provide(world.client, <Lamp seen={[]} />))
    await pass(50)
    online.mockReturnValue(false)
    window.dispatchEvent(new window.Event('offline'))
    await pass(50)
    expect(page.text).toBe('degraded')
    for (const engine of world.engines) engine.kill()
    await pass(50)
    expect(page.text).toBe('offline')
    await page.unmount()
    await pass(LINGER_MS)
    expect(removed.mock.calls).toEqual(added.mock.calls)
    expect(added.mock.calls.map(([name]) => name)).toEqual(['online', 'offline'])
    vi.restoreAllMocks()
  })
})

describe('useFailover', () => {
  it('tells that a site was lost and found, each at once and as a list', async () => {
    const { client, engine } = await open('trades')
    const tell = vi.fn<(event: FailoverEvent) => void>()
    const seen: (readonly FailoverEvent[])[] = []
    await stage(provide(client, <Story tell={tell} seen={seen} />))
    await pass(50)
    engine.kill()
    await pass(5000)
    engine.restart({ data: 'keep' })
    await pass(60_000)
    const story = seen.at(-1) ?? []
    expect(story).toEqual(tell.mock.calls.map(([event]) => event))
    const lights = story.flatMap((event) => (event.type === 'site' ? [`${event.site} ${event.from} ${event.to}`] : []))
    expect(lights).toEqual(['frankfurt up waiting', 'frankfurt dialing up'])
  })

  it('tells of gaps, and keeps at most as many events as it was asked to', async () => {
    const { client, engine } = await open('trades')
    const seen: (readonly FailoverEvent[])[] = []
    await stage(provide(client, <Story limit={1} seen={seen} />))
    await pass(50)
    const put = await publisher(engine, trades)
    put(1, {})
    put(3, {})
    await pass(60_000)
    expect(seen.at(-1)).toMatchObject([{ type: 'gap', channel: 'trades.*', first: 2, last: 2 }])
    put(2, {})
    await pass(50)
    expect(seen.at(-1)).toMatchObject([{ type: 'gap-closed', channel: 'trades.*', seq: 2 }])
  })

  it('draws nothing with a limit of 0', async () => {
    const { client, engine } = await open('trades')
    const tell = vi.fn()
    const seen: (readonly FailoverEvent[])[] = []
    await stage(provide(client, <Story limit={0} tell={tell} seen={seen} />))
    await pass(50)
    const before = seen.length
    engine.kill()
    await pass(50)
    expect(tell).toHaveBeenCalled()
    // The channel's own status may draw; the events do not.
    expect(seen.slice(before).every((events) => events.length === 0)).toBe(true)
  })
})
