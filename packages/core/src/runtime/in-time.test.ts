import { describe, expect, it } from 'vitest'
import { inTime } from './in-time.js'
import { virtualRuntime } from './virtual.js'

function stage() {
  const runtime = virtualRuntime()
  const cut = new AbortController()
  const untilAborted = (signal: AbortSignal) =>
    new Promise<string>((_, reject) => {
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  const run = (what: (signal: AbortSignal) => Promise<string>) =>
    inTime({ runtime, ms: 100, late: 'It took too long.' }, cut, what)
  return { runtime, cut, untilAborted, run }
}

describe('within a time', () => {
  it('gives what came in time, and leaves no timer', async () => {
    const { runtime, run } = stage()
    expect(await run(() => Promise.resolve('done'))).toBe('done')
    expect(runtime.pending).toBe(0)
  })

  it('aborts what takes longer, and says so instead of what it rejects with', async () => {
    const { runtime, run, untilAborted } = stage()
    const late = run(untilAborted)
    await Promise.all([
      expect(late).rejects.toMatchObject({ code: 'timeout', message: 'It took too long.' }),
      runtime.advance(100),
    ])
  })

  it('rejects as what it runs does when it is aborted otherwise, also before', async () => {
    const { cut, run, untilAborted } = stage()
    const given = run(untilAborted)
    const reason = new Error('given up')
    cut.abort(reason)
    await expect(given).rejects.toBe(reason)
    await expect(run(untilAborted)).rejects.toBe(reason)
  })
})
