import { describe, expect, it } from 'vitest'
import { Scripted } from '../../test/scripted.js'
import { virtualRuntime } from '../runtime/virtual.js'
import { patienceOf } from './patience.js'
import { Pulse, type PulseOptions } from './pulse.js'

async function stage(options: Partial<PulseOptions> = {}) {
  const runtime = virtualRuntime()
  const engine = new Scripted(runtime)
  const dial = {
    client: 'c',
    nonce: 'n',
    missing: 'create' as const,
    credentials: async () => ({ by: 'none' as const }),
  }
  const connecting = engine.driver.connect(['a'], dial, new AbortController().signal)
  await runtime.advance(1)
  const link = await connecting
  let steps = 0
  const deadAt: number[] = []
  const pulse = new Pulse({
    link,
    patience: patienceOf({}, 'health'),
    runtime,
    answers: () => 0,
    isBusy: () => false,
    isProving: () => false,
    onStep: () => void steps++,
    onSilent: () => {},
    onHeard: () => {},
    onDead: () => void deadAt.push(runtime.now()),
    onMeasured: () => {},
    ...options,
  })
  const stepsIn = async (ms: number) => {
    const before = steps
    await runtime.advance(ms)
    return steps - before
  }
  return { runtime, engine, pulse, stepsIn, deadAt }
}

describe('a pulse', () => {
  it('looks twice a beat at most where nothing is on its way, and eight times a second where something is', async () => {
    let isBusy = false
    const { pulse, stepsIn } = await stage({ isBusy: () => isBusy })
    expect(await stepsIn(10_000)).toBeLessThanOrEqual(20)
    isBusy = true
    pulse.wake()
    expect(await stepsIn(10_000)).toBe(80)
    isBusy = false
    await stepsIn(125)
    expect(await stepsIn(10_000)).toBeLessThanOrEqual(20)
    pulse.end()
  })

  it('gives a link up 2.5 s after its last word, however long it had rested', async () => {
    const { engine, pulse, runtime, deadAt } = await stage()
    await runtime.advance(10_300)
    // Its last word is the answer to the last probe, a second ago at most.
    engine.link.isMute = true
    const mutedAt = runtime.now()
    await runtime.advance(2_625)
    pulse.end()
    expect(deadAt[0]).toBeGreaterThan(mutedAt + 1_500)
    expect(deadAt[0]).toBeLessThanOrEqual(mutedAt + 2_625)
  })

  it('notices silence when it is due, not at the step after', async () => {
    const noticed: number[] = []
    const { engine, pulse, runtime } = await stage({
      isBusy: () => true,
      onSilent: (since) => void noticed.push(runtime.now() - since),
      onDead: (since) => void noticed.push(runtime.now() - since),
    })
    await runtime.advance(10_337)
    engine.link.isMute = true
    pulse.check()
    await runtime.advance(1_550)
    pulse.end()
    expect(noticed).toEqual([1_500, 2_500])
  })
})
