import { describe, expect, it, vi } from 'vitest'
import { add, CLEAN } from './arithmetic.js'
import { Command, configOf, type Line, sites } from './processes.js'

// Several processes a test, on whatever else the machine does.
vi.setConfig({ testTimeout: 60_000 })

async function producer(config: string, channel: string, ...args: string[]): Promise<Command> {
  const command = new Command('verify-producer', '-c', config, '--channel', channel, ...args)
  await command.until('startup_complete')
  return command
}

async function consumer(config: string, channel: string, ...args: string[]): Promise<Command> {
  const command = new Command('verify-consumer', '-c', config, '--channel', channel, ...args)
  await command.until('startup_complete')
  return command
}

/** Messages behind all others: when they are here, whatever comes twice has come. Ends the consumer and gives its summary. */
async function close(config: string, channel: string, reading: Command): Promise<Line> {
  const marker = await producer(
    config,
    channel,
    '--count',
    '20',
    '--keys',
    '20',
    '--prefix',
    'marker',
    '--timeout',
    '5000',
  )
  const { acked } = await marker.summary()
  await reading.until('record', Number(acked), isMarker)
  reading.child.kill('SIGTERM')
  return reading.summary()
}

const isMarker = ({ id }: Line): boolean => String(id).startsWith('marker-')

/** What was given but for the markers. */
function given(...commands: Command[]): Line[] {
  return commands.flatMap(({ lines }) => lines.filter((line) => !isMarker(line)))
}

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

  it('keep to the rate', async () => {
    const { config } = await sites('a')
    const sending = await producer(config, 'plain', '--count', '200', '--rate', '200')
    await sending.summary()
    const sent = sending.named('producer_send_success').map(({ ms, ts }) => ts - Number(ms))
    // The first may go at once; a stall of ours only makes it longer.
    expect(Math.max(...sent) - Math.min(...sent)).toBeGreaterThan(980)
  })

  it('read what was stored before', async () => {
    const { config } = await sites('a')
    const sending = await producer(config, 'quotes', '--count', '300', '--keys', '10')
    await sending.summary()
    const reading = await consumer(config, 'quotes', '--from', 'beginning', '--idle', '1500')
    await reading.summary()
    expect(add(sending.lines, reading.lines)).toEqual(CLEAN)
  })

  it('share the messages in a group', async () => {
    const { config } = await sites('a')
    const member = (): Promise<Command> => consumer(config, 'quotes', '--group', 'g')
    const members = await Promise.all([member(), member()])
    const sending = await producer(config, 'quotes', '--count', '400', '--keys', '10', '--rate', '400')
    await sending.summary()
    const received = (): number => members.reduce((sum, one) => sum + one.named('record').length, 0)
    while (received() < 400)
      await Promise.race(members.map((one) => one.until('record', one.named('record').length + 1)))
    for (const one of members) one.child.kill('SIGTERM')
    await Promise.all(members.map((one) => one.summary()))
    expect({ ...add(sending.lines, given(...members)), reordered: [] }).toEqual(CLEAN)
  })

  it.each([['quotes'], ['red']])('lose and double nothing of %s when the first site is killed', async (channel) => {
    const { config, processes } = await sites('a', 'b')
    const reading = await consumer(config, channel)
    const sending = await producer(
      config,
      channel,
      ...['--count', '3000', '--rate', '1000', '--keys', '20', '--publishers', '2'],
    )
    await sending.until('producer_send_success', 1_000)
    processes[0]?.kill('SIGKILL')
    expect(await sending.summary()).toMatchObject({ sent: 3_000, failed: 0 })
    const { gapsOpen } = await close(config, channel, reading)
    expect(add(sending.lines, given(reading))).toEqual(CLEAN)
    expect(gapsOpen).toBe(0)
    expect(sending.named('site_state')).toContainEqual(expect.objectContaining({ site: 'a', from: 'up' }))
    if (channel === 'red') return expect(reading.named('gap')).toEqual([])
    // A lane for each of twenty keys and two publishers.
    expect(sending.named('site_changed')).toHaveLength(40)
    expect(sending.named('site_changed')[0]).toMatchObject({
      channel: expect.stringMatching(/^quotes\.k\d+$/),
      from: 'a',
      to: 'b',
    })
  })

  it('run each job to its end although every fifth fails', async () => {
    const { config } = await sites('a')
    const working = await consumer(config, 'orders', '--fail-every', '5')
    const sending = await producer(config, 'orders', '--count', '200')
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

  it('give what cannot be done to the dead letter', async () => {
    const { config } = await sites('a')
    const working = await consumer(config, 'orders', '--fail-every', '1')
    const sending = await producer(config, 'orders', '--count', '3')
    await sending.summary()
    await working.until('dead_letter', 3)
    expect(working.named('record')).toHaveLength(15)
    await working.until('settled', 15)
    expect(working.named('settled').filter(({ how }) => how === 'reject')).toHaveLength(3)
  })

  it('tell what is no message of a producer', async () => {
    const { config } = await sites('a')
    const reading = await consumer(config, 'plain')
    await new Command('pub', 'plain', '{"hello":1}', '-c', config).ended
    await reading.until('undecodable')
    expect(reading.named('undecodable')[0]).toMatchObject({
      bytes: 11,
      reason: expect.stringMatching(/verify-producer/),
    })
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

  it('gives back at SIGTERM what no job handler has begun', async () => {
    const { config } = await sites('a')
    const sending = await producer(config, 'orders', '--count', '300')
    await sending.summary()
    const first = await consumer(config, 'orders', '--work', '20')
    await first.until('settled', 40)
    first.child.kill('SIGTERM')
    await first.summary()
    const second = await consumer(config, 'orders')
    await second.until('settled', 300 - first.named('settled').length)
    second.child.kill('SIGTERM')
    await second.summary()
    expect({ ...add(sending.lines, [...first.lines, ...second.lines]), reordered: [] }).toEqual(CLEAN)
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

  it('comes at SIGTERM too when no site was ever reached', async () => {
    const { config, processes } = await sites('a')
    processes[0]?.kill('SIGKILL')
    const reading = new Command('verify-consumer', '-c', config, '--channel', 'quotes')
    await reading.until('site_state')
    reading.child.kill('SIGTERM')
    expect(await reading.summary()).toMatchObject({ received: 0 })
    expect(reading.named('startup_complete')).toEqual([])
  })
})

describe('what is wrong with the command line', () => {
  it.each([
    ['verify-producer', 'qoutes', [], /no channel "qoutes".*quotes, red, plain, orders, price/],
    ['verify-producer', 'price', [], /"price" is a rpc; this command works on a topic or a queue/],
    ['verify-consumer', 'price', [], /"price" is a rpc; this command works on a topic or a queue/],
    ['verify-responder', 'quotes', [], /"quotes" is a topic; this command works on a rpc/],
    ['verify-requester', 'orders', [], /"orders" is a queue; this command works on a rpc/],
    ['verify-producer', 'quotes', ['--keys', '0'], /--keys.*whole number from 1/],
    ['verify-producer', 'quotes', ['--count', 'many'], /--count.*whole number from 0/],
    ['verify-producer', 'quotes', ['--rate', '-1'], /--rate.*number from 0/],
    ['verify-consumer', 'quotes', ['--from', 'yesterday'], /--from yesterday: now, beginning/],
    ['verify-consumer', 'quotes', ['--fail-every', '2'], /--fail-every means nothing for a topic/],
    ['verify-consumer', 'orders', ['--from', 'now'], /--from means nothing for a queue/],
  ])('%s of %s with %j: one sentence on stderr, and 1', async (command, channel, args, sentence) => {
    const config = await configOf([{ name: 'a', endpoint: 'ws://127.0.0.1:9' }])
    const wrong = new Command(command, '-c', config, '--channel', channel, ...args)
    expect(await wrong.ended).toEqual({ code: 1, signal: null })
    expect(wrong.stderr.join(' ')).toMatch(sentence)
    expect(wrong.lines).toEqual([])
  })
})
