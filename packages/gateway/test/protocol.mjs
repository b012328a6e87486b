#!/usr/bin/env node
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { pathToFileURL } from 'node:url'
import { WebSocket } from 'ws'

/**
 * Speaks docs/protocol.md by hand to any gateway: `node protocol.mjs ws://host:port/ [token]`. It makes channels whose names begin
 * with `suite-`, and needs the right to use them. A check throws where the gateway does not keep to the protocol.
 */

const PATIENCE_MS = 10_000
const FLOW = { messages: 100, bytes: 1 << 20 }
const NONCE = 'A'.repeat(16)

/** @typedef {any[]} Op */

/** One socket that says what it is told to, and waits for what it wants to hear. Answers pings; acknowledges flushes unless told not to. */
class Talk {
  /** @type {Op[]} */
  heard = []
  flushes = 0
  acks = true
  #number = 0
  #look = () => {}

  /** @param {string} url @param {string | string[]} [protocol] */
  constructor(url, protocol = 'spanwire.v1') {
    this.socket = new WebSocket(url, protocol, { perMessageDeflate: false })
    this.socket.on('error', () => {})
    this.opened = new Promise((resolve) => this.socket.on('open', resolve))
    /** @type {Promise<number>} */
    this.closed = new Promise((resolve) => this.socket.on('close', resolve))
    this.socket.on('message', (/** @type {Buffer} */ data, /** @type {boolean} */ binary) => this.#hear(data, binary))
  }

  /** @param {Buffer} data @param {boolean} binary */
  #hear(data, binary) {
    const end = binary ? 4 + data.readUInt32BE(0) : data.length
    for (const op of JSON.parse(data.toString('utf8', binary ? 4 : 0, end))) {
      if (op[0] === 'ping') this.say(['pong', op[1]])
      if (op[0] === 'flush') this.flushes += 1
      if (op[0] === 'flush' && this.acks) this.say(['ack', op[1]])
      if (op[0] === 'msgs') op.push({ tail: data.subarray(end) })
      this.heard.push(op)
    }
    this.#look()
  }

  /** @param {unknown[]} ops */
  say(...ops) {
    this.socket.send(JSON.stringify(ops))
  }

  /** Ops with bytes behind them. @param {Buffer} tail @param {unknown[]} ops */
  sayBytes(tail, ...ops) {
    const json = Buffer.from(JSON.stringify(ops))
    const size = Buffer.alloc(4)
    size.writeUInt32BE(json.length)
    this.socket.send(Buffer.concat([size, json, tail]))
  }

  /** Asks under the next number, which it gives. @param {string} name @param {unknown[]} fields */
  ask(name, ...fields) {
    this.#number += 1
    this.say([name, this.#number, ...fields])
    return this.#number
  }

  /** The first op of one of these names about that number; it is not found again. @param {string} names @param {number} [number] @returns {Promise<Op>} */
  async until(names, number) {
    const wanted = names.split('|')
    let timer
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no ${names} in ${PATIENCE_MS} ms`)), PATIENCE_MS)
    })
    try {
      for (;;) {
        const at = this.heard.findIndex((op) => wanted.includes(op[0]) && (number === undefined || op[1] === number))
        if (at >= 0) return /** @type {Op} */ (this.heard.splice(at, 1)[0])
        const gone = this.closed.then((code) => assert.fail(`closed with ${code} before ${names}`))
        await Promise.race([new Promise((resolve) => (this.#look = () => resolve(undefined))), gone, late])
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Asks and expects `ok`. @param {string} name @param {unknown[]} fields */
  async ok(name, ...fields) {
    const number = this.ask(name, ...fields)
    const [what, , result] = await this.until('ok|error', number)
    assert.equal(what, 'ok', `${name}: ${JSON.stringify(result)}`)
    return { number, result }
  }

  /** Asks and expects an error of that code. @param {string} code @param {string} name @param {unknown[]} fields */
  async refused(code, name, ...fields) {
    const [what, , error] = await this.until('ok|error', this.ask(name, ...fields))
    assert.deepEqual([what, error?.[0]], ['error', code])
  }

  /** Sends and expects all done. @param {number} channel @param {unknown[]} messages */
  async put(channel, ...messages) {
    const [what, , ranges] = await this.until('done|fail', this.ask('send', channel, messages))
    assert.deepEqual([what, ranges], ['done', [0, messages.length]])
  }
}

/** What a check may use. @param {string} url @param {string | null} token */
function at(url, token) {
  /** @type {Talk[]} */
  const talks = []
  const hello = ['hello', 1, token, 'suite', NONCE, 'create']
  const connect = async (/** @type {unknown[] | undefined} */ first = hello) => {
    const talk = new Talk(url)
    talks.push(talk)
    await talk.opened
    if (first.length > 0) talk.say(first)
    return talk
  }
  const greeted = async () => {
    const talk = await connect()
    return Object.assign(talk, { welcome: (await talk.until('welcome'))[1] })
  }
  const name = () => `suite-${randomBytes(6).toString('hex')}`
  return {
    url,
    talks,
    hello,
    connect,
    greeted,
    topic: (keep = 'live', latest = false) => ({ kind: 'topic', name: name(), params: 1, keep, latest }),
    queue: () => ({ kind: 'queue', name: name(), params: 0, leaseMs: 30_000 }),
    rpc: () => ({ kind: 'rpc', name: name(), params: 0 }),
  }
}

/** Bodies of a `msgs` op. @param {Op} op @returns {string[]} */
const bodies = ([, , tuples]) => tuples.map((/** @type {Op} */ tuple) => tuple[3])

/** @typedef {ReturnType<typeof at>} Here */
/** By what they show. @type {Readonly<Record<string, (here: Here) => Promise<unknown>>>} */
export const checks = {
  'the upgrade: without the subprotocol it is answered 400': async ({ url }) => {
    const status = await new Promise((resolve) => {
      const socket = new WebSocket(url, 'another')
      socket.on('error', () => {})
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode))
    })
    assert.equal(status, 400)
  },
  'hello: another version closes 3502, what is no hello 3501': async ({ connect, hello }) => {
    assert.equal(await (await connect(['hello', 2, ...hello.slice(2)])).closed, 3502)
    assert.equal(await (await connect(['probe', 1, 0])).closed, 3501)
    assert.equal(await (await connect(['hello', 1, null, 'suite', '../..', 'create'])).closed, 3501)
  },
  'welcome: says who is there, and its limits': async ({ greeted }) => {
    const { welcome } = await greeted()
    assert.equal(typeof welcome.cluster, 'string')
    assert.ok(Array.isArray(welcome.upstreams) && welcome.pingMs > 0)
    for (const limit of ['message', 'frame', 'channels', 'receptions', 'inFlight']) assert.ok(welcome.limits[limit] > 0)
  },
  'open: says what the channel can; a bad name is invalid': async ({ greeted, topic }) => {
    const talk = await greeted()
    const { can } = (await talk.ok('open', topic())).result
    assert.ok(can.maxBytes > 0 && can.starts.includes('now'))
    await talk.refused('invalid', 'open', { ...topic(), name: 'No Name' })
  },
  'send and receive: text and bytes as they were, each index one outcome': async ({ greeted, topic }) => {
    const talk = await greeted()
    const channel = (await talk.ok('open', topic())).number
    const { number } = await talk.ok('receive', channel, {}, FLOW)
    const send = talk.ask('send', channel, [['a', null, '{"x":"é"}'], null, ['not.a.path', null, 'x']])
    assert.deepEqual((await talk.until('done', send))[2], [0, 1])
    const [, , outcome, error, ranges] = await talk.until('fail', send)
    assert.deepEqual([outcome, error[0], ranges], ['refused', 'invalid', [2, 1]])
    assert.deepEqual(bodies(await talk.until('msgs', number)), ['{"x":"é"}'])
    const bytes = Buffer.from([0, 255, 1])
    talk.sayBytes(bytes, ['send', send + 1, channel, [['a', null, [0, 3], ['h', 'v']]]])
    const op = await talk.until('msgs', number)
    const [[, , , slot, headers]] = op[2]
    assert.deepEqual(op.at(-1).tail.subarray(slot[0], slot[0] + slot[1]), bytes)
    assert.deepEqual(headers, ['h', 'v'])
  },
  'recover: a position goes on behind it, that of another log is told': async ({ greeted, topic }) => {
    const talk = await greeted()
    const channel = (await talk.ok('open', topic('durable'))).number
    await talk.put(channel, ['a', null, '1'], ['a', null, '2'], ['a', null, '3'])
    const all = await talk.ok('receive', channel, { start: { at: 'beginning' } }, FLOW)
    const op = await talk.until('msgs', all.number)
    const start = (/** @type {string} */ epoch, /** @type {object} */ more = {}) => ({
      start: { at: 'position', position: [epoch, op[2][0][5]], ...more },
    })
    const again = await talk.ok('receive', channel, start(all.result.epoch), FLOW)
    assert.equal(again.result.recovered, true)
    assert.deepEqual(bodies(await talk.until('msgs', again.number)), ['2', '3'])
    await talk.refused('conflict', 'receive', channel, start('another log'), FLOW)
    const other = await talk.ok('receive', channel, start('another log', { otherwise: { at: 'now' } }), FLOW)
    assert.equal(other.result.recovered, false)
  },
  'latest: the newest of each path, caught up, then live': async ({ greeted, topic }) => {
    const talk = await greeted()
    const channel = (await talk.ok('open', topic('live', true))).number
    await talk.put(channel, ['a', null, 'old'], ['b', null, 'b'], ['a', null, 'new'])
    const { number } = await talk.ok('receive', channel, { start: { at: 'latest' } }, FLOW)
    const got = []
    for (let caughtUp = false; !caughtUp; ) {
      const op = await talk.until('msgs', number)
      got.push(...bodies(op))
      caughtUp = op[3]?.caughtUp === true
    }
    assert.deepEqual(got.sort(), ['b', 'new'])
    await talk.put(channel, ['a', null, 'live'])
    assert.deepEqual(bodies(await talk.until('msgs', number)), ['live'])
  },
  'credit: half of the flow comes, then it asks, then the rest': async ({ greeted, topic }) => {
    const talk = await greeted()
    const channel = (await talk.ok('open', topic('durable'))).number
    await talk.put(channel, ...Array.from({ length: 20 }, (_, index) => ['a', null, `${index}`]))
    const { number } = await talk.ok('receive', channel, { start: { at: 'beginning' } }, { ...FLOW, messages: 8 })
    const got = []
    while (got.length < 20) {
      const op = await talk.until('msgs|ask', number)
      if (op[0] === 'msgs') got.push(...bodies(op))
      else talk.say(['next', number, got.length])
      assert.ok(talk.heard.filter(([what]) => what === 'msgs').length <= 8)
    }
    assert.deepEqual(
      got,
      Array.from({ length: 20 }, (_, index) => `${index}`),
    )
  },
  'flushes: two may be outstanding, an acknowledgement opens the way': async ({ greeted, topic }) => {
    const talk = await greeted()
    talk.acks = false
    const channel = (await talk.ok('open', topic())).number
    const { number } = await talk.ok('receive', channel, {}, { messages: 10_000, bytes: 16 << 20, conflateHz: 0 })
    let sent = 0
    const put = () => talk.put(channel, ['a', null, `${++sent}`.padEnd(140_000)])
    while (talk.flushes < 2 && sent < 100) await put()
    for (let more = 0; more < 5; more++) await put()
    assert.equal(talk.flushes, 2)
    talk.heard.length = 0
    talk.acks = true
    talk.say(['ack', 2])
    for (let newest = 0; newest < sent; ) {
      const op = await talk.until('msgs', number)
      newest = Number.parseInt(String(op.at(-1).tail), 10)
      assert.ok(newest > sent - 5)
    }
  },
  'jobs: one next, one batch; settled once': async ({ greeted, queue }) => {
    const talk = await greeted()
    const channel = (await talk.ok('open', queue())).number
    await talk.put(channel, ['', null, 'job'])
    const { number } = await talk.ok('receive', channel, {}, FLOW)
    talk.say(['next', number, 0])
    assert.deepEqual(bodies(await talk.until('msgs', number)), ['job'])
    await talk.ok('settle', number, 1, 'ack')
    await talk.refused('conflict', 'settle', number, 1, 'ack')
    await talk.ok('stop', number, 1)
  },
  'rpc: a request has its answer, a cancelled one none': async ({ greeted, rpc }) => {
    const talk = await greeted()
    const channel = (await talk.ok('open', rpc())).number
    const { number } = await talk.ok('receive', channel, {}, FLOW)
    talk.say(['next', number, 0])
    const request = talk.ask('send', channel, [['', null, 'ask', null, null, null, 5_000]])
    assert.deepEqual(bodies(await talk.until('msgs', number)), ['ask'])
    await talk.ok('settle', number, 1, 'answer', 'reply')
    assert.deepEqual((await talk.until('reply', request)).slice(2, 4), [0, 'reply'])
    const forgotten = talk.ask('send', channel, [['', null, 'ask', null, null, null, 5_000]])
    talk.say(['cancel', forgotten])
    await talk.ok('probe', 0)
    assert.ok(!talk.heard.some(([what, about]) => /done|fail|reply/.test(what) && about === forgotten))
  },
  'probe and ping: answered, and sent': async ({ greeted, topic }) => {
    const talk = await greeted()
    await talk.ok('probe', 0)
    await talk.ok('probe', (await talk.ok('open', topic())).number)
    await talk.until('ping')
  },
  'limits: a message above them fails alone': async ({ greeted, topic }) => {
    const talk = await greeted()
    const { number, result } = await talk.ok('open', topic())
    const large = Buffer.alloc(Math.min(result.can.maxBytes, talk.welcome.limits.message) + 1)
    talk.sayBytes(large, [
      'send',
      number + 1,
      number,
      [
        ['a', null, [0, large.length]],
        ['a', null, 'small'],
      ],
    ])
    assert.deepEqual((await talk.until('done', number + 1))[2], [1, 1])
    const [, , outcome, error] = await talk.until('fail', number + 1)
    assert.deepEqual([outcome, error[0]], ['refused', 'too-large'])
  },
  'garbage: is told and closed with 3501, or by the code of WebSocket': async ({ greeted }) => {
    const wrong = ['{', '{"a":1}', '[1]', '[["__proto__",1]]', '[["open","1",{}]]', '[["send",1,9,[]]]']
    for (const text of [...wrong, Buffer.from([0, 0]), Buffer.from([255, 255, 255, 255, 91])]) {
      const talk = await greeted()
      talk.socket.send(text)
      assert.equal((await talk.until('error', 0))[2][0], 'invalid')
      assert.equal(await talk.closed, 3501)
    }
    const talk = await greeted()
    talk.socket.send(Buffer.from([0xff, 0xfe]), { binary: false })
    assert.equal(await talk.closed, 1007)
    const large = await greeted()
    large.socket.send(Buffer.alloc(large.welcome.limits.frame + 1))
    assert.equal(await large.closed, 1009)
  },
}

/** One check by its name, against the gateway at that URL. @param {string} name @param {string} url @param {string | null} [token] */
export async function check(name, url, token = null) {
  const here = at(url, token)
  try {
    await checks[name]?.(here)
  } finally {
    for (const talk of here.talks) talk.socket.terminate()
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [url = '', token = null] = process.argv.slice(2)
  for (const name of Object.keys(checks)) {
    const failed = await check(name, url, token).then(
      () => undefined,
      (error) => error,
    )
    console.log(failed ? `FAIL ${name}\n     ${failed.message}` : `ok   ${name}`)
    if (failed) process.exitCode = 1
  }
}
