import { describe, expect, it, vi } from 'vitest'
import { add, CLEAN } from './arithmetic.js'
import { close, consumer, given, producer } from './commands.js'
import { Command, configOf, type Line, sites } from './processes.js'

// Several processes a test, on whatever else the machine does.
vi.setConfig({ testTimeout: 60_000 })

describe('verify-producer and verify-consumer', () => {
  it('say of each message how it ended and what arrived, from the moment the consumer is ready', async () => {
    const { config } = await sites('a')
    const reading = await consumer(config, 'quotes')
    const sending = await producer(
      config,
      'quotes',
      ...['--count', '120', '--keys', '3', '--publishers', '2', '--size', '300', '--prefix', 'run-1'],
    )
    expect(await sending.summary()).toMatchObject({ sent: 120, acked: 120, failed: 0, unknown: 0 })
    expect(await close(config, 'quotes', reading)).toMatchObject({ received: 140, duplicatesDropped: 0, gapsOpen: 0 })
    expect(add(sending.lines, given(reading))).toEqual(CLEAN)
    const { pid } = sending.child
    expect(sending.named('startup_complete')[0]).toMatchObject({ pid, sites: [{ name: 'a', state: 'up' }] })
    const success = sending.named('producer_send_success').find(({ id }) => id === 'run-1-1-k2-20')
    expect(success).toMatchObject({ key: 'k2', n: 20, p: 1, site: 'a', sites: ['a'], pid, ts: expect.any(Number) })
    const record = reading.named('record').find(({ id }) => id === 'run-1-1-k2-20')
    expect(record).toMatchObject({
      ...{ key: 'k2', n: 20, p: 1, site: 'a', bytes: 300 },
      ...{ late: false, redelivered: false, attempt: 1 },
    })
  })

  it('run each job to its end although every fifth fails', async () => {
    const { config } = await sites('a')
    const working = await consumer(config, 'stubborn', '--fail-every', '5')
    const sending = await producer(config, 'stubborn', '--count', '200')
    await sending.summary()
    await working.until('settled', 200, ({ how }) => how === 'ack')
    working.child.kill('SIGTERM')
    await working.summary()
    const { doubled, lost, unexpected } = add(sending.lines, working.lines)
    expect({ lost, unexpected }).toEqual({ lost: [], unexpected: [] })
    const settled = working.named('settled')
    const acked = settled.filter(({ how }) => how === 'ack').map(({ id }) => id)
    expect(new Set(acked).size).toBe(200)
    expect(acked).toHaveLength(200)
    const retried = settled.filter(({ how }) => how === 'retry').map(({ id }) => id)
    expect(retried.length).toBeGreaterThanOrEqual(40)
    expect(new Set(retried)).toEqual(new Set(doubled))
    const again = working.named('record').filter(({ attempt }) => Number(attempt) > 1)
    expect(again).toHaveLength(retried.length)
    expect(again.every(({ redelivered }) => redelivered === true)).toBe(true)
  })
})

describe('verify-responder and verify-requester', () => {
  it('account for each request when a responder is killed among two', async () => {
    const { config } = await sites('a', 'b')
    const responder = (): Command => new Command('verify-responder', '-c', config, '--channel', 'price', '--work', '5')
    const responders = [responder(), responder()] as const
    await Promise.all(responders.map((one) => one.until('startup_complete')))
    const asking = new Command(
      'verify-requester',
      ...[
        '-c',
        config,
        '--channel',
        'price',
        '--count',
        '1000',
        '--rate',
        '400',
        '--not-idempotent',
        '--timeout',
        '3000',
      ],
    )
    // How the two share is their engine's business.
    const busy = await Promise.race(responders.map((one, at) => one.until('executed', 50).then(() => at)))
    const [killed, stays] = busy === 0 ? responders : ([responders[1], responders[0]] as const)
    killed.child.kill('SIGKILL')
    const summary = await asking.summary()
    stays.child.kill('SIGTERM')
    await Promise.all([stays.summary(), killed.ended])
    const executed = [...killed.named('executed'), ...stays.named('executed')].map(({ id }) => id)
    const runs = new Set(executed)
    expect(executed).toHaveLength(runs.size)
    const of = (lines: Line[]): unknown[] => lines.map(({ id }) => id)
    const replies = of(asking.named('reply'))
    expect(replies.filter((id) => !runs.has(id))).toEqual([])
    const errors = asking.named('request_error')
    const notSent = of(errors.filter(({ outcome }) => outcome === 'not-sent'))
    expect(notSent.filter((id) => runs.has(id))).toEqual([])
    expect(replies.length + errors.length).toBe(1_000)
    expect(summary).toMatchObject({ sent: 1_000, replies: replies.length, notSent: notSent.length, remote: 0 })
  })
})

describe('the end of a verify command', () => {
  it('drains at SIGTERM: every message has its line', async () => {
    const { config } = await sites('a')
    const reading = await consumer(config, 'quotes')
    const sending = await producer(config, 'quotes', '--rate', '500', '--keys', '5')
    await sending.until('producer_send_success', 200)
    sending.child.kill('SIGTERM')
    const { acked, failed, sent, unknown } = await sending.summary()
    expect(sending.named('producer_send_success')).toHaveLength(Number(acked))
    expect({ sent, failed, unknown }).toEqual({ sent: acked, failed: 0, unknown: 0 })
    await reading.until('record', Number(acked))
    reading.child.kill('SIGTERM')
    expect(await reading.summary()).toMatchObject({ received: acked })
    expect(add(sending.lines, reading.lines)).toEqual(CLEAN)
  })

  it('is at once at the second SIGTERM, whatever hangs', async () => {
    const { config, processes } = await sites('a')
    const sending = await producer(config, 'quotes', '--rate', '200')
    await sending.until('producer_send_success', 10)
    processes[0]?.kill('SIGSTOP')
    const before = sending.lines.length
    sending.child.kill('SIGTERM')
    await sending.untilSaid(/SIGTERM: draining/)
    sending.child.kill('SIGTERM')
    expect(await sending.ended).toEqual({ code: 1, signal: null })
    expect(sending.lines.slice(before).filter(({ name }) => name === 'shutdown_complete')).toEqual([])
  })

  it('comes when nobody reads stdout any more', async () => {
    const { config } = await sites('a')
    const sending = await producer(config, 'quotes', '--rate', '200')
    sending.child.stdout.destroy()
    expect(await sending.ended).toEqual({ code: 0, signal: null })
    expect(sending.stderr.join()).toMatch(/stdout was closed by its reader/)
  })
})

describe('what is wrong with the command line', () => {
  it.each([
    ['verify-producer', 'qoutes', [], /no channel "qoutes".*quotes, red, plain, orders, stubborn, price/],
    ['verify-producer', 'quotes', ['--keys', '0'], /--keys.*whole number from 1/],
    ['verify-consumer', 'quotes', ['--fail-every', '2'], /--fail-every means nothing for a topic/],
  ])('%s of %s with %j: one sentence on stderr, and 1', async (command, channel, args, sentence) => {
    const config = await configOf([{ name: 'a', endpoint: 'ws://127.0.0.1:9' }])
    const wrong = new Command(command, '-c', config, '--channel', channel, ...args)
    expect(await wrong.ended).toEqual({ code: 1, signal: null })
    expect(wrong.stderr.join(' ')).toMatch(sentence)
    expect(wrong.lines).toEqual([])
  })
})
