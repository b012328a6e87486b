import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { publisherOf } from '../src/index.js'
import { FLOW, house, QUEUE, TOPIC } from './house.js'
import { Raw } from './raw.js'

async function statusOf(raw: Raw): Promise<number | undefined> {
  const [, response] = (await once(raw.socket, 'unexpected-response')) as [unknown, { statusCode?: number }]
  return response.statusCode
}

describe('before the upgrade', () => {
  it('refuses pages of other origins, exactly compared, and lets the named one in', async () => {
    await using here = await house({ origins: ['https://desk.example.com'] })
    for (const origin of [
      'https://evil.example',
      'https://desk.example.com.evil.example',
      'http://desk.example.com',
      'null',
    ]) {
      expect(await statusOf(new Raw(here.gateway.url, { origin })), origin).toBe(403)
    }
    const good = new Raw(here.gateway.url, { origin: 'https://desk.example.com' })
    await once(good.socket, 'open')
  })

  it('refuses clients without Origin where that is the policy', async () => {
    await using here = await house({ originless: 'refuse' })
    expect(await statusOf(new Raw(here.gateway.url))).toBe(403)
  })

  it('refuses other paths, other subprotocols, and more connections than allowed', async () => {
    await using here = await house({ limits: { connectionsPerAddress: 2 } })
    expect(await statusOf(new Raw(`${here.gateway.url}admin`))).toBe(404)
    expect(await statusOf(new Raw(here.gateway.url, {}, 'mqtt'))).toBe(400)
    const first = await Raw.greeted(here.gateway.url)
    await Raw.greeted(here.gateway.url)
    expect(await statusOf(new Raw(here.gateway.url))).toBe(429)
    first.socket.close()
    await first.closed
    await Raw.greeted(here.gateway.url)
  })

  it('answers /health, and hangs up on what is no HTTP', async () => {
    await using here = await house()
    const answer = await fetch(`http://127.0.0.1:${here.gateway.port}/health`)
    expect([answer.status, (await answer.json()).state]).toEqual([200, 'serving'])
    const garbage = connect(here.gateway.port, '127.0.0.1', () => garbage.write('\x00\x01\x02\r\n\r\n'))
    garbage.resume()
    await once(garbage, 'close')
  })
})

describe('the first frame', () => {
  it('closes 3006 when no hello comes', async () => {
    await using here = await house({ timing: { helloMs: 50 } })
    expect(await new Raw(here.gateway.url).closed).toBe(3006)
  })

  it.each([
    ['another version', ['hello', 2, null, 'c', 'A'.repeat(16), 'create'], 3502],
    ['a bad nonce', ['hello', 1, null, 'c', '../..', 'create'], 3501],
    ['another op first', ['open', 1, TOPIC], 3501],
    ['a token that is refused', ['hello', 1, 'bad', 'c', 'A'.repeat(16), 'create'], 3500],
  ])('closes on %s', async (_, op, code) => {
    await using here = await house({
      authenticate: (token) => {
        if (token === 'bad') throw new Error('no')
        return { subject: 'x' }
      },
    })
    const raw = new Raw(here.gateway.url)
    await once(raw.socket, 'open')
    raw.say(op)
    expect(await raw.closed).toBe(code)
  })

  it('refuses an expired token, and closes 3005 when one runs out', async () => {
    let expiresAtMs = Date.now() - 1
    await using here = await house({
      authenticate: () => ({ subject: 'x', expiresAtMs }),
      timing: { beatMs: 20, graceMs: 20 },
    })
    await expect(Raw.greeted(here.gateway.url)).rejects.toThrow('3500')
    expiresAtMs = Date.now() + 100
    expect(await (await Raw.greeted(here.gateway.url)).closed).toBe(3005)
  })

  it('renews a token in band for the same subject only', async () => {
    await using here = await house({
      authenticate: (token) => ({ subject: token ?? '', expiresAtMs: Date.now() + 60_000 }),
    })
    const raw = await Raw.greeted(here.gateway.url, 'ann')
    raw.say(['token', 1, 'ann'])
    expect((await raw.until('ok', 1))[2]).toBeGreaterThan(1_000)
    raw.say(['token', 2, 'bob'])
    expect(await raw.closed).toBe(3500)
  })
})

describe('garbage', () => {
  it.each([
    ['no JSON', '{'],
    ['no array', '{"a":1}'],
    ['an op that is none', '[1]'],
    ['an unknown op', '[["__proto__",1]]'],
    ['an op of every object', '[["constructor",1]]'],
    ['a number that is none', '[["open","1",{}]]'],
    ['a spec that is none', '[["open",1,null]]'],
    ['a channel never opened', '[["send",1,9,[]]]'],
    ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['a huge number', '[["ack",1e999]]'],
    ['too many ops', `[${'["pong",1],'.repeat(5_000)}["pong",1]]`],
  ])('is told and closed with 3501: %s', async (_, text) => {
    await using here = await house()
    const raw = await Raw.greeted(here.gateway.url)
    raw.socket.send(text)
    expect((await raw.until('error', 0))[2]).toContain('invalid')
    expect(await raw.closed).toBe(3501)
  })

  it.each([
    ['shorter than its head', Buffer.from([0, 0])],
    ['a length beyond its end', Buffer.from([0xff, 0xff, 0xff, 0xff, 91, 93])],
  ])('binary: %s', async (_, bytes) => {
    await using here = await house()
    const raw = await Raw.greeted(here.gateway.url)
    raw.socket.send(bytes)
    expect(await raw.closed).toBe(3501)
  })

  it('bodies that lie outside of their frame', async () => {
    await using here = await house()
    for (const slot of [[0, 1], [-1, 1], [0, -1], [1e15, 1e15], 5, null]) {
      const raw = await Raw.greeted(here.gateway.url)
      raw.say(['open', 1, TOPIC])
      await raw.until('ok', 1)
      raw.say(['send', 2, 1, [['a', null, slot]]])
      expect(await raw.closed, JSON.stringify(slot)).toBe(3501)
    }
  })

  it('invalid UTF-8 and frames above the limit end by the close codes of WebSocket itself', async () => {
    await using here = await house({ limits: { message: 1_000 } })
    const wrong = await Raw.greeted(here.gateway.url)
    wrong.socket.send(Buffer.from([0xff, 0xfe]), { binary: false })
    expect(await wrong.closed).toBe(1007)
    const large = await Raw.greeted(here.gateway.url)
    large.socket.send('x'.repeat(100_000))
    expect(await large.closed).toBe(1009)
    const many = await Raw.greeted(here.gateway.url)
    for (let at = 0; at < 200; at++) many.socket.send('x', { fin: false })
    expect([1008, 1009]).toContain(await many.closed)
    expect((await Raw.greeted(here.gateway.url)).socket.readyState).toBe(1)
  })
})

describe('rights', () => {
  it('are asked by verb, channel and path, and denied unless granted', async () => {
    await using here = await house({
      authorize: (subject, verb, channel, path) =>
        subject === 'ann' && verb === 'subscribe' && channel === 'quotes' && (path === undefined || path === 'AAPL'),
    })
    const raw = await Raw.greeted(here.gateway.url, 'ann')
    raw.say(['open', 1, TOPIC], ['open', 2, QUEUE])
    await raw.until('ok', 1)
    expect((await raw.until('error', 2))[2]).toEqual(expect.arrayContaining(['forbidden', 'channel']))
    raw.say(['send', 3, 1, [['AAPL', null, 'x']]])
    expect(await raw.until('fail', 3)).toEqual([
      'fail',
      3,
      'refused',
      expect.arrayContaining(['forbidden', 'message']),
      [0, 1],
    ])
    raw.say(
      ['receive', 4, 1, {}, FLOW],
      ['receive', 5, 1, { paths: ['AAPL'] }, FLOW],
      ['receive', 6, 1, { paths: ['*'] }, FLOW],
    )
    expect((await raw.until('error', 4))[2]).toContain('forbidden')
    expect((await raw.until('error', 6))[2]).toContain('forbidden')
    await raw.until('ok', 5)
  })

  it('an authorizer that throws grants nothing', async () => {
    await using here = await house({
      authorize: () => {
        throw new Error('down')
      },
    })
    const raw = await Raw.greeted(here.gateway.url)
    raw.say(['open', 1, TOPIC])
    expect((await raw.until('error', 1))[2]).toContain('forbidden')
  })

  it('nobody speaks in the name of another publisher, in ids or in voids (I20)', async () => {
    await using here = await house()
    const nonce = 'N'.repeat(16)
    const raw = await Raw.greeted(here.gateway.url, 'ann', nonce)
    const own = publisherOf('ann', nonce)
    const other = publisherOf('bob', nonce)
    raw.say(
      ['open', 1, TOPIC],
      ['open', 2, { kind: 'topic', name: 'sw.marks.quotes', params: 0, keep: 'live', latest: false }],
    )
    await raw.until('ok', 2)
    raw.say([
      'send',
      3,
      1,
      [
        ['a', `${own}-1.1.1`, 'x'],
        ['a', `${other}-1.1.1`, 'x'],
        ['a', null, 'x'],
      ],
    ])
    expect(await raw.until('done', 3)).toEqual(['done', 3, [0, 1, 2, 1]])
    expect(await raw.until('fail', 3)).toEqual(['fail', 3, 'refused', expect.arrayContaining(['forbidden']), [1, 1]])
    const voids = (source: string) => ['', null, JSON.stringify({ v: 1, voids: [[source, 1, 9]] })]
    raw.say(['send', 4, 2, [voids(`${own}-1`), voids(`${other}-1`), ['', null, 'no json']]])
    expect(await raw.until('done', 4)).toEqual(['done', 4, [0, 1]])
    expect(await raw.until('fail', 4)).toEqual([
      'fail',
      4,
      'refused',
      expect.arrayContaining(['forbidden']),
      expect.anything(),
    ])
  })

  it('what a new token does not allow any more ends', async () => {
    let allowed = true
    await using here = await house({ authorize: () => allowed })
    const raw = await Raw.greeted(here.gateway.url, 'ann')
    raw.say(['open', 1, TOPIC])
    await raw.until('ok', 1)
    raw.say(['receive', 2, 1, {}, FLOW])
    await raw.until('ok', 2)
    allowed = false
    raw.say(['token', 3, 'ann'])
    expect((await raw.until('end', 2))[2]).toContain('forbidden')
  })
})

describe('floods', () => {
  it('of channels, receptions and messages are bounded and said', async () => {
    await using here = await house({ limits: { channels: 2, receptions: 2, inFlight: 3 } })
    const raw = await Raw.greeted(here.gateway.url)
    raw.say(...[1, 2, 3].map((number) => ['open', number, { ...TOPIC, name: `c${number}` }]))
    expect((await raw.until('error'))[2]).toContain('overloaded')
    raw.say(...[4, 5, 6].map((number) => ['receive', number, 1, {}, FLOW]))
    expect((await raw.until('error'))[2]).toContain('overloaded')
    here.engine.hang()
    raw.say(['send', 7, 1, Array(5).fill(['a', null, 'x'])])
    expect(await raw.until('fail', 7)).toEqual(['fail', 7, 'unsent', expect.arrayContaining(['overloaded']), [3, 2]])
    here.engine.heal()
    expect(await raw.until('done', 7)).toEqual(['done', 7, [0, 3]])
  })

  it('of subscribing and leaving leave nothing upstream', async () => {
    await using here = await house()
    const raw = await Raw.greeted(here.gateway.url)
    raw.say(['open', 1, TOPIC])
    await raw.until('ok', 1)
    for (let number = 2; number < 1_000; number += 2)
      raw.say(['receive', number, 1, {}, FLOW], ['stop', number + 1, number, 0])
    raw.say(['probe', 1_001, 1])
    await raw.until('ok', 1_001)
    raw.socket.close()
    await raw.closed
    const other = await Raw.greeted(here.gateway.url)
    other.say(['open', 1, TOPIC], ['probe', 2, 0])
    await other.until('ok', 2)
    expect(here.engine.counts().receptions).toBe(0)
  })

  it('a client that never reads loses what is live, holds up nobody, and is cut when it answers no ping', async () => {
    await using here = await house({ timing: { beatMs: 50, pingMs: 100 } })
    const deaf = await Raw.greeted(here.gateway.url)
    const keen = await Raw.greeted(here.gateway.url)
    for (const raw of [deaf, keen]) {
      raw.say(['open', 1, TOPIC], ['probe', 2, 0])
      await raw.until('ok', 1)
      raw.say(['receive', 3, 1, {}, { messages: 10, bytes: 1 << 20 }])
      await raw.until('ok', 3)
    }
    deaf.socket.pause()
    keen.say(['send', 4, 1, Array(5).fill(['a', null, 'x'.repeat(1_000)])])
    expect(((await keen.until('msgs'))[2] as unknown[]).length).toBe(5)
    const pongs = setInterval(() => keen.say(['pong', 0]), 50)
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (here.gateway.health().connections > 1) return
        clearInterval(look)
        resolve()
      }, 20)
    })
    clearInterval(pongs)
    expect(keen.socket.readyState).toBe(1)
  })

  it('a client is not taken for silent because the gateway stood still', async () => {
    await using here = await house({ timing: { beatMs: 50, pingMs: 100 } })
    const raw = await Raw.greeted(here.gateway.url)
    raw.say(['open', 1, TOPIC])
    await raw.until('ok', 1)
    const until = performance.now() + 600
    while (performance.now() < until);
    raw.say(['probe', 2, 0])
    await raw.until('ok', 2)
  })
})
