import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { durable, FLOW, patience, pull, send, textOf, told } from '../../driver/test/talk.js'
import { dial } from './rig/dial.js'
import { noKafka } from './rig/java.js'
import { kcat, noKcat } from './rig/kcat.js'
import { siteOf } from './rig/site.js'

const site = siteOf()
/** Node can from 22.15 on. */
const hasZstd = 'zstdDecompressSync' in zlib

describe.skipIf(noKcat ?? noKafka)(`kcat${noKcat ? `: ${noKcat}` : (noKafka ?? '')}`, () => {
  it('reads ours: the path as the key, headers by their names, the body as it is', async () => {
    const { endpoints } = site()
    const spec = durable()
    const channel = await (await dial(endpoints)).open(spec, patience())
    const headers = ['traceparent', '00-ab-cd-01', 'stadt', 'Zürich']
    await send(channel, { path: 'BRK_2eB', body: '{"bid":187.21}', headers, id: 'p.1.2' })
    const line = await kcat(endpoints, ['-C', '-t', spec.name, '-e', '-q', '-J'])
    expect(JSON.parse(line)).toMatchObject({
      key: 'BRK_2eB',
      payload: '{"bid":187.21}',
      headers: ['sw-id', 'p.1.2', ...headers],
    })
  })

  it('is read by us: with and without key, with headers, compressed in any way, large, and as a tombstone', async () => {
    const { endpoints } = site()
    const spec = durable(undefined, true)
    const channel = await (await dial(endpoints)).open(spec, patience())
    const reception = await channel.receive({}, FLOW, patience())
    const produce = (args: readonly string[], input: string): Promise<string> =>
      kcat(endpoints, ['-P', '-t', spec.name, '-K', '=', ...args], input)
    await produce(['-H', 'Lang=züri'], 'AAPL=one\n')
    const [first] = await pull(reception, 1)
    expect([first?.path, first && textOf(first), first?.headers(), first?.id]).toEqual([
      'AAPL',
      'one',
      ['lang', 'züri'],
      undefined,
    ])
    for (const codec of ['gzip', 'snappy', 'lz4', ...(hasZstd ? ['zstd'] : [])]) {
      await produce(['-z', codec], `BRK.B=${codec} ${'x'.repeat(2_000)}\n`)
      const [compressed] = await pull(reception, 1)
      expect(compressed && textOf(compressed)).toBe(`${codec} ${'x'.repeat(2_000)}`)
      expect(compressed?.path).toBe('BRK_2eB')
    }
    const large = 'y'.repeat(900_000)
    await produce(['-X', 'message.max.bytes=1000000'], `SAP=${large}\n`)
    const [big] = await pull(reception, 1)
    expect(big?.body.length).toBe(large.length)
    await produce(['-Z'], 'AAPL=\n')
    const [tombstone] = await pull(reception, 1)
    expect([tombstone?.path, tombstone?.body.length, tombstone?.headers()]).toEqual(['AAPL', 0, ['sw-removed', '1']])
  })

  it('puts bare records without a key where we read them too', async () => {
    const { endpoints } = site()
    const spec = durable()
    const channel = await (await dial(endpoints)).open(spec, patience())
    const reception = await channel.receive({}, FLOW, patience())
    await kcat(endpoints, ['-P', '-t', spec.name], 'bare\n')
    const [bare] = await pull(reception, 1)
    expect([bare?.path, bare && textOf(bare)]).toEqual(['_', 'bare'])
  })

  it.skipIf(hasZstd)(
    'does not end our reading by what cannot be unpacked here: its bytes come with the reason, and the rest follows',
    async () => {
      const { endpoints } = site()
      const spec = durable()
      const channel = await (await dial(endpoints)).open(spec, patience())
      const reception = await channel.receive({}, FLOW, patience())
      const input = `a=${'x'.repeat(2_000)}\n`
      await kcat(endpoints, ['-P', '-t', spec.name, '-K', '=', '-z', 'zstd'], input)
      await send(channel, 'goes on')
      const [unread, next] = await pull(reception, 2)
      expect(unread?.headers()).toEqual([
        'sw-unread',
        expect.stringContaining('fzstd'),
        'sw-stored',
        expect.any(String),
      ])
      expect(next && textOf(next)).toBe('goes on')
      const again = await channel.receive(
        { start: { at: 'position', position: unread?.position() ?? '' } },
        FLOW,
        patience(),
      )
      expect((await pull(again, 1)).map(textOf)).toEqual(['goes on'])
    },
  )

  it('sees a removal as a tombstone', async () => {
    const { endpoints } = site()
    const spec = durable(undefined, true)
    const channel = await (await dial(endpoints)).open(spec, patience())
    const removed = { path: 'OLD', body: '', headers: ['sw-removed', '1'] }
    expect((await send(channel, removed)).map(told)).toEqual(['done'])
    const line = await kcat(endpoints, ['-C', '-t', spec.name, '-e', '-q', '-J'])
    expect(JSON.parse(line)).toMatchObject({ key: 'OLD', payload: null })
  })
})
