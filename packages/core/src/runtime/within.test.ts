import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { virtualRuntime } from './virtual.js'
import { within } from './within.js'

function stage() {
  const runtime = virtualRuntime()
  const parent = new AbortController()
  const untilAborted = (signal: AbortSignal) =>
    new Promise<string>((_, reject) => {
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  const run = (what: (signal: AbortSignal) => Promise<string>) =>
    within({ runtime, ms: 100, late: 'It took too long.' }, parent.signal, what)
  return { runtime, parent, untilAborted, run }
}

describe('within a time', () => {
  it('gives what came in time, and leaves neither timer nor listener', async () => {
    const { runtime, parent, run } = stage()
    expect(await run(() => Promise.resolve('done'))).toBe('done')
    expect(runtime.pending).toBe(0)
    expect(getEventListeners(parent.signal, 'abort')).toEqual([])
  })

  it('aborts what takes longer, and says so instead of what it rejects with', async () => {
    const { runtime, run, untilAborted } = stage()
    const late = run(untilAborted)
    await Promise.all([
      expect(late).rejects.toMatchObject({ code: 'timeout', message: 'It took too long.' }),
      runtime.advance(100),
    ])
  })

  it('aborts with its parent, also with one that has aborted before', async () => {
    const { parent, run, untilAborted } = stage()
    const given = run(untilAborted)
    const reason = new Error('given up')
    parent.abort(reason)
    await expect(given).rejects.toBe(reason)
    await expect(run(untilAborted)).rejects.toBe(reason)
  })
})
