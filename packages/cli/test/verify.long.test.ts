import { describe, expect, it, vi } from 'vitest'
import { add, CLEAN } from './arithmetic.js'
import { close, consumer, given, producer } from './commands.js'
import { Command, configOf, sites } from './processes.js'

// Several processes a test, on whatever else the machine does.
vi.setConfig({ testTimeout: 60_000 })

describe('verify-producer and verify-consumer', () => {
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

describe('the end of a verify command', () => {
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
    ['verify-producer', 'price', [], /"price" is a rpc; this command works on a topic or a queue/],
    ['verify-consumer', 'price', [], /"price" is a rpc; this command works on a topic or a queue/],
    ['verify-responder', 'quotes', [], /"quotes" is a topic; this command works on a rpc/],
    ['verify-requester', 'orders', [], /"orders" is a queue; this command works on a rpc/],
    ['verify-producer', 'quotes', ['--count', 'many'], /--count.*whole number from 0/],
    ['verify-producer', 'quotes', ['--rate', '-1'], /--rate.*number from 0/],
    ['verify-consumer', 'quotes', ['--from', 'yesterday'], /--from yesterday: now, beginning/],
    ['verify-consumer', 'orders', ['--from', 'now'], /--from means nothing for a queue/],
  ])('%s of %s with %j: one sentence on stderr, and 1', async (command, channel, args, sentence) => {
    const config = await configOf([{ name: 'a', endpoint: 'ws://127.0.0.1:9' }])
    const wrong = new Command(command, '-c', config, '--channel', channel, ...args)
    expect(await wrong.ended).toEqual({ code: 1, signal: null })
    expect(wrong.stderr.join(' ')).toMatch(sentence)
    expect(wrong.lines).toEqual([])
  })
})
