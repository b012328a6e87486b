import { describe, expect, it } from 'vitest'
import { Line, type LineOptions } from './line.js'

/** A line on a clock of its own: a turn of the event loop takes half a millisecond for each who is served in it. */
class Stage {
  readonly line: Line
  now = 0
  shed = 0
  #events: { readonly atMs: number; readonly run: () => void }[] = []
  #served = 0

  constructor(options: Pick<LineOptions, 'atOnce' | 'waitMs'>) {
    this.line = new Line({
      ...options,
      onShed: () => this.shed++,
      now: () => this.now,
      later: (turn) => {
        this.at(this.now + this.#served * 0.5, turn)
        this.#served = 0
      },
    })
  }

  at(atMs: number, run: () => void): void {
    const index = this.#events.findIndex((event) => event.atMs > atMs)
    this.#events.splice(index < 0 ? this.#events.length : index, 0, { atMs, run })
  }

  serve = async (): Promise<void> => {
    this.#served += 1
  }

  async play(): Promise<void> {
    for (let event = this.#events.shift(); event; event = this.#events.shift()) {
      this.now = Math.max(this.now, event.atMs)
      event.run()
      // What was served says so in microtasks.
      for (let turn = 0; turn < 4; turn++) await Promise.resolve()
    }
  }
}

/** Clients that lost their site come within 250 ms, and again when they are told to, with a jitter. When each was let in, and its hellos. */
async function herd(clients: number, options: Pick<LineOptions, 'atOnce' | 'waitMs'>) {
  const stage = new Stage(options)
  const served: number[] = []
  let hellos = 0
  let most = 0
  const come = (tries: number): void => {
    hellos += 1
    most = Math.max(most, tries)
    const place = stage.line.enter(async () => {
      served.push(stage.now)
      await stage.serve()
    })
    if ('retryAfterMs' in place) stage.at(stage.now + place.retryAfterMs + ((hellos * 7) % 250), () => come(tries + 1))
  }
  for (let client = 0; client < clients; client++) stage.at((client * 250) / clients, () => come(1))
  await stage.play()
  return { served, hellos, most, last: served.at(-1) ?? 0, shed: stage.shed }
}

describe('Line', () => {
  it('lets all of a herd in about as fast as it can, with few hellos each', async () => {
    const { hellos, last, most, served, shed } = await herd(10_000, { atOnce: 200, waitMs: 1_000 })
    expect(served).toHaveLength(10_000)
    expect(hellos).toBe(10_000 + shed)
    expect(shed).toBeGreaterThan(5_000)
    expect(last).toBeLessThanOrEqual(6_000)
    expect(most).toBeLessThanOrEqual(3)
  })

  it('sends nobody away while the line is short', async () => {
    const { served, shed } = await herd(1_500, { atOnce: 200, waitMs: 1_000 })
    expect([served.length, shed]).toEqual([1_500, 0])
  })

  it('forgets who left, and gives each who is sent away a later moment', async () => {
    const stage = new Stage({ atOnce: 1, waitMs: 0 })
    const never = stage.line.enter(() => new Promise(() => {}))
    await stage.play()
    const left = stage.line.enter(stage.serve)
    stage.now += 10
    const away = [1, 2, 3].map(() => stage.line.enter(stage.serve))
    expect(away).toEqual([{ retryAfterMs: 10 }, { retryAfterMs: 10 }, { retryAfterMs: 10 }])
    expect([stage.line.length, stage.shed]).toEqual([1, 3])
    for (const place of [never, left]) if ('leave' in place) place.leave()
    expect(stage.line.length).toBe(0)
    expect(stage.line.enter(stage.serve)).toHaveProperty('leave')
  })
})
