import { once } from 'node:events'
import { setTimeout as elapse } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Busy } from '../src/index.js'
import { house } from './house.js'
import { Raw } from './raw.js'

const CLIENTS = 400
const HELLO = ['hello', 1, null, 'raw', 'A'.repeat(16), 'create']

/** Comes, and comes again when it is told to. The hellos that it took. */
async function come(url: string): Promise<number> {
  for (let hellos = 1; ; hellos++) {
    const raw = new Raw(url)
    let reason = ''
    raw.socket.on('close', (_code, said: Buffer) => {
      reason = said.toString()
    })
    await once(raw.socket, 'open')
    raw.say(HELLO)
    const end = await Promise.race([raw.until('welcome').then(() => 'welcome' as const), raw.closed]).catch(
      () => raw.closed,
    )
    if (end === 'welcome') return hellos
    expect([end, reason]).toEqual([3002, expect.stringMatching(/^busy [1-9]\d*$/)])
    await elapse(Number(reason.split(' ')[1]))
  }
}

it('sends away whom it cannot let in soon, and lets all in when they come again', async () => {
  const told: Busy[] = []
  await using here = await house({
    limits: { hellos: { atOnce: 4, waitMs: 200 } },
    authenticate: async () => {
      await elapse(10)
      return { subject: 'somebody' }
    },
    timing: { beatMs: 100 },
    onBusy: (busy) => told.push(busy),
  })
  const hellos = await Promise.all(Array.from({ length: CLIENTS }, () => come(here.gateway.url)))
  const { connections, sentAway, waiting } = here.gateway.health()
  expect({ connections, waiting }).toEqual({ connections: CLIENTS, waiting: 0 })
  expect(sentAway).toBeGreaterThan(0)
  expect(hellos.reduce((sum, count) => sum + count, 0)).toBe(CLIENTS + sentAway)
  expect(told.length).toBeGreaterThan(0)
})

it('forgets who hung up in the line', async () => {
  let open = (): void => {}
  const stuck = new Promise<void>((resolve) => {
    open = resolve
  })
  await using here = await house({
    limits: { hellos: { atOnce: 1, waitMs: 60_000 } },
    authenticate: async () => {
      await stuck
      return { subject: 'somebody' }
    },
  })
  const [first, second] = [new Raw(here.gateway.url), new Raw(here.gateway.url)]
  for (const raw of [first, second]) {
    await once(raw.socket, 'open')
    raw.say(HELLO)
  }
  await expect.poll(() => here.gateway.health().waiting).toBe(1)
  second.socket.terminate()
  await expect.poll(() => here.gateway.health().waiting).toBe(0)
  open()
  await first.until('welcome')
})
