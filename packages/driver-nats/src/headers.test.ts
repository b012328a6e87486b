import { describe, expect, it } from 'vitest'
import { decodeHeaders, encodeHeaders, errorLine, errorOf, fitsWire, idOf, line, statusOf } from './headers.js'

const head = (...given: Parameters<typeof encodeHeaders>): string =>
  Buffer.from((encodeHeaders(...given) as unknown as { encode(): Uint8Array }).encode()).toString()

describe('headers on the wire', () => {
  it('puts the id where JetStream looks for doubles, and gives the others back in their order', () => {
    const text = head({ id: 'a.1.2', headers: ['lang', 'züri', 'empty', '', 'twice', ' one', 'twice', 'two;x="1"'] })
    expect(text.startsWith('NATS/1.0\r\nNats-Msg-Id: a.1.2\r\n')).toBe(true)
    expect(text.endsWith('\r\n\r\n')).toBe(true)
    expect(idOf(text)).toBe('a.1.2')
    expect(decodeHeaders(text)).toEqual(['lang', 'züri', 'empty', '', 'twice', ' one', 'twice', 'two;x="1"'])
  })

  it('writes none where there is nothing to say', () => {
    expect(encodeHeaders({})).toBeUndefined()
    expect(idOf('')).toBeUndefined()
  })

  it('reads what others write: any case, no blank, the server own names left out', () => {
    const text = 'NATS/1.0\r\nContent-Type:application/json\r\nNats-Stream-Source: x\r\n\r\n'
    expect(decodeHeaders(text)).toEqual(['content-type', 'application/json'])
    expect(idOf(text)).toBeUndefined()
  })

  it('finds the id that a schedule carries beside the one that JetStream takes away', () => {
    const text = `NATS/1.0\r\nNats-Scheduler: sw.later.orders.1\r\n${line('sw-id', 'a.1.2')}\r\n`
    expect(idOf(text)).toBe('a.1.2')
    expect(decodeHeaders(text)).toEqual([])
  })

  it('tells notices of the server from messages', () => {
    expect(statusOf('NATS/1.0 503\r\n\r\n')).toBe(503)
    expect(statusOf('NATS/1.0 409 Message Size Exceeds MaxBytes\r\nNats-Pending-Messages: 3\r\n\r\n')).toBe(409)
    expect(statusOf(head({ id: '503' }))).toBe(0)
    expect(statusOf('')).toBe(0)
  })

  it('keeps the text of a failed responder in one line', () => {
    const text = head({}, errorLine('seven is\r\nnot – for sale'))
    expect(errorOf(text)).toBe('seven is not – for sale')
    expect(decodeHeaders(text)).toEqual([])
  })

  it('refuses what would become another header', () => {
    expect(fitsWire(['a', 'b'])).toBe(true)
    for (const bad of [
      ['a:b', 'c'],
      ['a b', 'c'],
      ['', 'c'],
      ['a', 'b\r\nNats-Rollup: all'],
      ['ä', 'c'],
    ]) {
      expect(fitsWire(bad), JSON.stringify(bad)).toBe(false)
    }
  })
})
