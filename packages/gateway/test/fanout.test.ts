import { expect, it } from 'vitest'
import { FLOW, house, TOPIC } from './house.js'
import { Raw } from './raw.js'

const DURABLE = { ...TOPIC, keep: 'durable' } as const

it('fifty clients that want the same cost one reception upstream, and each gets everything in order', async () => {
  await using here = await house()
  const clients = await Promise.all(Array.from({ length: 50 }, () => Raw.greeted(here.gateway.url)))
  for (const client of clients) {
    client.say(['open', 1, TOPIC])
    await client.until('ok', 1)
    client.say(['receive', 2, 1, {}, FLOW])
  }
  for (const client of clients) await client.until('ok', 2)
  expect(here.engine.counts().receptions).toBe(1)
  clients[0]?.say([
    'send',
    3,
    1,
    [
      ['a', null, 'one'],
      ['b', null, 'two'],
    ],
  ])
  for (const client of clients) {
    const [, , tuples] = await client.until('msgs', 2)
    expect((tuples as unknown[][]).map((tuple) => tuple[3])).toEqual(['one', 'two'])
  }
  for (const client of clients) client.socket.close()
  await Promise.all(clients.map((client) => client.closed))
})

it('one that is too slow for a shared log leaves the others and loses nothing', async () => {
  await using here = await house()
  const slow = await Raw.greeted(here.gateway.url)
  const fast = await Raw.greeted(here.gateway.url)
  for (const [raw, messages] of [
    [slow, 4],
    [fast, 100],
  ] as const) {
    raw.say(['open', 1, DURABLE])
    await raw.until('ok', 1)
    raw.say(['receive', 2, 1, {}, { messages, bytes: 1 << 20 }])
    await raw.until('ok', 2)
  }
  expect(here.engine.counts().receptions).toBe(1)
  // Not one after the other: who waits for so many answers is silent for too long where much else runs.
  for (let at = 0; at < 40; at++) fast.say(['send', 3 + at, 1, [['a', null, String(at)]]])
  for (let at = 0; at < 40; at++) await fast.until('done', 3 + at)
  const got: unknown[] = []
  while (got.length < 40) {
    const [, , tuples, more = {}] = await slow.until('msgs', 2)
    expect(more).not.toHaveProperty('lost')
    got.push(...(tuples as unknown[][]).map((tuple) => Number(tuple[3])))
    slow.say(['next', 2, got.length])
  }
  expect(got).toEqual(Array.from({ length: 40 }, (_, at) => at))
})

it('keeps at most two flushes outstanding, conflates meanwhile, and what comes next is the newest', async () => {
  await using here = await house({ limits: { flush: 1_000 } })
  const raw = await Raw.greeted(here.gateway.url)
  raw.say(['open', 1, TOPIC])
  await raw.until('ok', 1)
  raw.say(['receive', 2, 1, {}, { messages: 1_000, bytes: 1 << 20, conflateHz: 0 }])
  await raw.until('ok', 2)
  for (let at = 0; at < 50; at++) {
    raw.say(['send', 3 + at, 1, [['a', null, `${at}`.padEnd(500)]]])
    await raw.until('done', 3 + at)
  }
  expect(raw.heard.filter(([name]) => name === 'flush')).toEqual([
    ['flush', 1],
    ['flush', 2],
  ])
  const before = raw.heard.filter(([name]) => name === 'msgs').length
  expect(before).toBeLessThan(10)
  raw.heard.length = 0
  raw.say(['ack', 2])
  const [, , tuples] = await raw.until('msgs', 2)
  expect((tuples as unknown[][]).map((tuple) => Number(tuple[3]))).toEqual([49])
})

it('resumes by position and says recovered, or starts elsewhere and says it did not', async () => {
  await using here = await house()
  const raw = await Raw.greeted(here.gateway.url)
  raw.say(['open', 1, DURABLE])
  await raw.until('ok', 1)
  raw.say(['send', 2, 1, ['a', 'b', 'c'].map((body) => ['x', null, body])])
  await raw.until('done', 2)
  raw.say(['receive', 3, 1, { start: { at: 'beginning' } }, FLOW])
  const { epoch } = (await raw.until('ok', 3))[2] as { epoch: string }
  const [, , tuples, more] = await raw.until('msgs', 3)
  expect(more).toEqual({ caughtUp: true })
  const offset = (tuples as unknown[][])[0]?.[5]
  const at = (position: unknown) => ({ start: { at: 'position', position, otherwise: { at: 'now' } } })
  raw.say(['receive', 4, 1, at([epoch, offset]), FLOW], ['receive', 5, 1, at(['another', offset]), FLOW])
  expect((await raw.until('ok', 4))[2]).toMatchObject({ recovered: true })
  expect((await raw.until('ok', 5))[2]).toMatchObject({ recovered: false })
  const resumed = await raw.until('msgs', 4)
  expect((resumed[2] as unknown[][]).map((tuple) => tuple[3])).toEqual(['b', 'c'])
  raw.say(['receive', 6, 1, { start: { at: 'position', position: ['another', offset] } }, FLOW])
  expect((await raw.until('error', 6))[2]).toEqual(expect.arrayContaining(['conflict', 'channel']))
})

it('stays up when the engine dies: receptions end for their channel, sends are unsent, and both work again after', async () => {
  await using here = await house()
  const raw = await Raw.greeted(here.gateway.url)
  raw.say(['open', 1, TOPIC])
  await raw.until('ok', 1)
  raw.say(['receive', 2, 1, {}, FLOW])
  await raw.until('ok', 2)
  here.engine.kill()
  expect((await raw.until('end', 2))[2]).toEqual(expect.arrayContaining(['unavailable', 'channel']))
  raw.say(['send', 3, 1, [['a', null, 'x']]], ['probe', 4, 0], ['probe', 5, 1])
  expect(await raw.until('fail', 3)).toEqual([
    'fail',
    3,
    'unsent',
    expect.arrayContaining(['unavailable', 'channel']),
    expect.anything(),
  ])
  await raw.until('ok', 4)
  expect((await raw.until('error', 5))[2]).toEqual(expect.arrayContaining(['unavailable', 'channel']))
  expect((await fetch(`http://127.0.0.1:${here.gateway.port}/health`)).status).toBe(503)
  here.engine.restart({ data: 'keep' })
  for (let number = 6; ; number += 2) {
    raw.say(['receive', number, 1, {}, FLOW], ['probe', number + 1, 0])
    await raw.until('ok', number + 1)
    if (raw.heard.some(([name, about]) => name === 'ok' && about === number)) break
  }
  raw.say(['send', 100_000, 1, [['a', null, 'again']]])
  await raw.until('msgs')
})

it('drains: says so with a moment and other endpoints, then closes 3000', async () => {
  await using here = await house({ elsewhere: ['wss://other.example'] })
  const raw = await Raw.greeted(here.gateway.url)
  const closing = here.gateway.close({ drainMs: 200 })
  expect(await raw.until('drain')).toEqual(['drain', 'shutdown', expect.any(Number), ['wss://other.example']])
  raw.say(['probe', 1, 0])
  await raw.until('ok', 1)
  expect(await raw.closed).toBe(3000)
  await closing
})

it('passes on that its engine goes, to who is there and who comes, and closes before the engine does', async () => {
  await using here = await house({ elsewhere: ['wss://other.example'] })
  const raw = await Raw.greeted(here.gateway.url)
  raw.say(['open', 1, TOPIC])
  await raw.until('ok', 1)
  here.engine.drain({ reason: 'rolling restart', withinMs: 1_000 })
  const late = await Raw.greeted(here.gateway.url)
  for (const one of [raw, late]) {
    const [, reason, withinMs, elsewhere] = await one.until('drain')
    expect([reason, elsewhere]).toEqual(['rolling restart', ['wss://other.example']])
    expect(withinMs).toBeLessThanOrEqual(900)
  }
  raw.say(['send', 2, 1, [['a', null, 'x']]])
  await raw.until('done', 2)
  expect(await Promise.all([raw.closed, late.closed])).toEqual([3000, 3000])
  // The gateway dials the engine again when its link is over.
  await expect
    .poll(async () => {
      const again = await Raw.greeted(here.gateway.url)
      again.say(['open', 1, TOPIC], ['probe', 2, 0])
      await again.until('ok', 2)
      return again.heard.some(([name, number]) => name === 'ok' && number === 1) && !again.heard.some(isDrain)
    })
    .toBe(true)
})

function isDrain([name]: readonly unknown[]): boolean {
  return name === 'drain'
}
