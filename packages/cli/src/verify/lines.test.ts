import { PassThrough, Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Lines } from './lines.js'

describe('Lines', () => {
  it('writes each as one JSON object with name, time and process', async () => {
    const out = new PassThrough()
    const lines = new Lines(out, () => undefined)
    lines.print('started', { sites: ['a'] })
    lines.print('ended')
    await lines.flush()
    const [first, second, rest] = String(out.read()).split('\n')
    expect(JSON.parse(first ?? '')).toEqual({ name: 'started', ts: expect.any(Number), pid: process.pid, sites: ['a'] })
    expect(JSON.parse(second ?? '')).toMatchObject({ name: 'ended' })
    expect(rest).toBe('')
  })

  it('says that it is full while the reader is slow, and loses nothing', async () => {
    const read: string[] = []
    const waiting: (() => void)[] = []
    const out = new Writable({
      write: (chunk, _, done) => {
        read.push(String(chunk))
        waiting.push(done)
      },
    })
    const lines = new Lines(out, () => undefined)
    const pad = 'x'.repeat(1_000)
    let printed = 0
    for (; !lines.full; printed++) {
      lines.print('one', { pad })
      if (printed % 100 === 0) await setImmediate()
    }
    expect(printed).toBeGreaterThan(900)
    expect(printed).toBeLessThan(1_100)
    const room = lines.room()
    let isThere = false
    void room?.then(() => {
      isThere = true
    })
    await setImmediate()
    expect(isThere).toBe(false)
    const release = async (): Promise<void> => {
      while (waiting.length > 0) {
        waiting.shift()?.()
        await setImmediate()
      }
    }
    await release()
    await room
    expect(lines.full).toBe(false)
    const flushed = lines.flush()
    await release()
    await flushed
    expect(read.join('').split('\n')).toHaveLength(printed + 1)
  })

  it('waits for nothing once the reader is gone', async () => {
    const out = new PassThrough()
    let gone = 0
    const lines = new Lines(out, () => gone++)
    const closed = new Promise((resolve) => out.on('close', resolve))
    out.destroy(new Error('EPIPE'))
    await closed
    lines.print('one', { pad: 'x'.repeat(2 << 20) })
    expect(gone).toBe(1)
    expect(lines.full).toBe(false)
    await lines.flush()
  })
})
