import type { Channel, Outgoing } from '@spanwire/driver'
import { expect } from 'vitest'
import { type Heap, openHeap } from './heap.js'
import { conduct, declaredFor } from './judge.js'
import { numbered, texts } from './messages.js'
import { Inapplicable, nameOf, type Property } from './property.js'
import { newSignal } from './signal.js'
import type { Trial } from './trial.js'
import { eventually, within } from './wait.js'

const LANES = 10
/** A reception that is kept costs far more. */
const KEPT_BYTES = 200
const full = typeof process !== 'undefined' && process.env['SPANWIRE_FULL'] === '1'

/** X: everything at once, and what it costs. `others`: the properties of the other letters. */
export function allProperties(others: readonly Property[]): readonly Property[] {
  return [
    {
      id: 'X1',
      part: 'in parallel',
      title: 'what needs no link of its own, ten times in parallel over one link',
      limitMs: 120_000,
      run: (trial) =>
        inParallel(
          trial,
          others.filter((one) => one.shares && declaredFor(one, trial.rig.alone ?? {}) === undefined),
        ),
    },
    {
      id: 'X1',
      part: 'receptions',
      title: 'thousands of receptions opened and stopped leave heap and engine objects flat',
      limitMs: 120_000,
      run: receptions,
    },
    { id: 'X2', title: 'a message there and back stays within the allocation budget', limitMs: 60_000, run: budget },
  ]
}

/** Ten lanes, each runs all, each begins at another place. An unhandled rejection fails the whole run of vitest. */
async function inParallel(trial: Trial, properties: readonly Property[]): Promise<void> {
  const link = await trial.link()
  const lane = async (at: number) => {
    const from = Math.floor((at * properties.length) / LANES)
    for (const property of [...properties.slice(from), ...properties.slice(0, from)]) {
      await conduct(property, trial.rig, link).catch((error: unknown) => {
        if (error instanceof Inapplicable) return
        throw new Error(`${nameOf(property)} beside nine others: ${String(error)}`, { cause: error })
      })
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, (_, at) => lane(at)))
  for (const one of lanes) if (one.status === 'rejected') throw one.reason
  await within('probe', link.probe(trial.signal()), trial.patienceMs)
}

async function receptions(trial: Trial): Promise<void> {
  const { here, there } = await trial.pair(await trial.any())
  const heap = await openHeap()
  trial.after(() => Promise.resolve(heap.close()))
  const lasting = newSignal()
  const openAndStop = async (count: number) => {
    for (let at = 0; at < count; at++) {
      const attaching = there.receive({}, { messages: 100, bytes: 1 << 20 }, lasting.signal)
      const reception = await within('receive', attaching, trial.patienceMs)
      await within('stop', reception.stop(lasting.signal), trial.patienceMs)
    }
  }
  const count = full ? 10_000 : 2_000
  await openAndStop(count / 10)
  const before = await trial.rig.resources?.()
  const heapBefore = await heap.used()
  await openAndStop(count)
  if (before !== undefined) await trial.resourcesReturnTo(before)
  await heapStays(trial, { heap, before: heapBefore, count })
  expect(lasting.listeners()).toBe(0)
  const reader = await trial.listen(there)
  await trial.put(here, numbered(10))
  expect(await trial.flush(here, reader)).toEqual(texts(0, 10))
}

/** Of what is on its way, such as sockets that close, it is waited for that it goes. */
async function heapStays(trial: Trial, { heap, before, count }: Kept): Promise<void> {
  let bytesEach = 0
  const isFlat = async () => {
    bytesEach = ((await heap.used()) - before) / count
    return bytesEach < KEPT_BYTES
  }
  await eventually('the heap as it was', isFlat, trial.patienceMs).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${Math.round(bytesEach)} bytes are left of each of ${count} receptions`)
  })
}

interface Kept {
  readonly heap: Heap
  readonly before: number
  readonly count: number
}

async function budget(trial: Trial): Promise<void> {
  const { here, there } = await trial.pair(await trial.any(['live', 'durable', 'queue']))
  const heap = await openHeap()
  trial.after(() => Promise.resolve(heap.close()))
  const reception = await trial.receive(there, {}, { messages: 1_000, bytes: 1 << 20 })
  const batch = numbered(200)
  const rounds = async (count: number) => {
    for (let round = 0; round < count; round++) await thereAndBack(here, batch, reception)
  }
  await rounds(20)
  const perMessage = (await heap.allocated(() => rounds(50))) / (50 * batch.length)
  expect(perMessage).toBeLessThan(trial.rig.bytesPerMessage ?? 2_500)
}

type Pulled = Awaited<ReturnType<Channel['receive']>>

/** Without the bookkeeping of the suite: what is measured is the driver. */
async function thereAndBack(channel: Channel, batch: readonly Outgoing[], reception: Pulled): Promise<void> {
  let open = batch.length
  await new Promise<void>((resolve) => {
    channel.send(batch, () => {
      open -= 1
      if (open === 0) resolve()
    })
  })
  for (let came = 0; came < batch.length; ) {
    const got = await reception.next()
    if (got === undefined) throw new Error('the reception ended early')
    came += got.deliveries.length
    for (const one of got.deliveries)
      if (one.held && one.position() === undefined) await one.settle('ack').catch(() => {})
  }
}
