import { type Job, primary } from '@spanwire/core'
import { expect, it } from 'vitest'
import { orders } from '../../src/simulation/play.js'
import { Scene } from './scene.js'

const home = primary('a', 'b')

interface Run {
  readonly token: number
  readonly attempt: number
  readonly atMs: number
  settled?: string
}

/** Works on orders from now on; a handler takes `takesMs` and does what `then` says. */
function works(
  scene: Scene,
  name: string,
  takesMs: number,
  then: (job: Job, runs: readonly Run[]) => void = () => {},
): Run[] {
  const runs: Run[] = []
  const byJob = new Map<Job, Run>()
  const { host, client } = scene.machine(name)
  client.consume(
    orders,
    async ({ token }, job) => {
      const run: Run = { token, attempt: job.attempt, atMs: scene.now }
      runs.push(run)
      byJob.set(job, run)
      await new Promise<void>((done) => void host.runtime.after(takesMs, done))
      then(job, runs)
    },
    {
      onSettled: (job, how) => {
        const run = byJob.get(job)
        if (run) run.settled = how
      },
    },
  )
  return runs
}

function send(scene: Scene, token: number): Promise<unknown> {
  return scene.until(scene.client('P').send(orders, { token }))
}

it('14: job acked at A, done, A!, A+: run once', async () => {
  const scene = new Scene(home)
  const runs = works(scene, 'W', 500)
  await send(scene, 1)
  await scene.run(2_000)
  expect(runs.map(({ settled }) => settled)).toEqual(['ack'])
  scene.inflict({ what: 'kill', site: 'a', data: 'keep', forMs: 5_000 })
  await scene.run(120_000)
  expect(runs).toHaveLength(1)
})

it('15: a job that is retried three times by the same worker is run each time', async () => {
  const scene = new Scene(home)
  const runs = works(scene, 'W', 100, (job, { length }) => {
    if (length < 4) job.retry('1s')
  })
  await send(scene, 1)
  await scene.run(60_000)
  expect(runs.map(({ settled }) => settled)).toEqual(['retry', 'retry', 'retry', 'ack'])
})

it('15: the ack is lost after the job was done: it is not run again', async () => {
  const scene = new Scene(home)
  const runs = works(scene, 'W', 2_000)
  await send(scene, 1)
  scene.inflict({ what: 'swallow', site: 'a', machine: 'W', forMs: 4_000 })
  await scene.run(120_000)
  expect(runs).toHaveLength(1)
  expect(scene.simulation.site('a').engine.peek('orders', 10)).toEqual([])
})

it('16: the lease ends during a 40 s stall: settling fails, the run of the other worker stands', async () => {
  const scene = new Scene(home)
  const quick = works(scene, 'W2', 2_000)
  await send(scene, 1)
  await scene.run(100)
  const slow = works(scene, 'W1', 5_000)
  const warned: string[] = []
  void (async () => {
    for await (const event of scene.client('W1').watch()) if (event.type === 'warning') warned.push(event.message)
  })()
  await send(scene, 2)
  await scene.run(1_000)
  expect(slow.map(({ token }) => token)).toEqual([2])
  scene.inflict({ what: 'stall', machine: 'W1', forMs: 40_000 })
  await scene.run(32_000)
  // When its lease was over it went to W1 again, who cannot run it now; then W1 is taken for gone.
  scene.inflict({ what: 'reset', site: 'a', machine: 'W1', forMs: 0 })
  await scene.run(120_000)
  expect(slow.map(({ settled }) => settled)).toEqual([undefined])
  expect(warned).toEqual([expect.stringContaining('ack was not confirmed')])
  expect(quick.map(({ token, attempt, settled }) => ({ token, attempt, settled }))).toEqual([
    { token: 1, attempt: 1, settled: 'ack' },
    { token: 2, attempt: 3, settled: 'ack' },
  ])
  expect(scene.simulation.site('a').engine.peek('orders', 10)).toEqual([])
})
