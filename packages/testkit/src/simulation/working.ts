import type { Queue, Rpc } from '@spanwire/core'
import type { Actor } from './acting.js'
import type { Body } from './play.js'
import type { Run } from './record.js'

export interface Handling {
  /** How long a handler takes at most, ms. */
  readonly takesMs: number
  /** Share of runs that fail. */
  readonly fails: number
}

/** Consumes jobs and writes down each run of its handler. */
export function work(actor: Actor, queue: Queue<string, Body, Body>, handling: Handling): () => Promise<void> {
  const runs = new Map<unknown, Run>()
  const worker = actor.machine.client.consume(
    queue,
    ({ token }, job) => {
      const run = begin(actor, 'job', token, job)
      runs.set(job, run)
      return takeTime(actor, run, handling)
    },
    {
      concurrency: 4,
      onSettled: (job, how) => {
        const run = runs.get(job)
        runs.delete(job)
        if (run === undefined) return
        run.settled = how
        actor.journal.note(`${actor.name} settled ${run.token} ${how}`)
      },
    },
  )
  worker.ready.catch(() => {})
  return () => worker.stop()
}

/** Answers requests and writes down each run of its handler. */
export function respond(
  actor: Actor,
  rpc: Rpc<string, Body, Body, Body, Body>,
  handling: Handling,
): () => Promise<void> {
  const worker = actor.machine.client.respond(
    rpc,
    async ({ token }) => {
      await takeTime(actor, begin(actor, 'request', token, { again: false, redelivered: false }), handling)
      return { token }
    },
    { concurrency: 8 },
  )
  worker.ready.catch(() => {})
  return () => worker.stop()
}

function begin(actor: Actor, kind: Run['kind'], token: number, how: { again: boolean; redelivered: boolean }): Run {
  const { journal, name, machine } = actor
  const run: Run = {
    kind,
    machine: name,
    token,
    atMs: machine.host.runtime.now(),
    again: how.again,
    redelivered: how.redelivered,
    endMs: Number.POSITIVE_INFINITY,
    result: 'open',
  }
  journal.records.runs.push(run)
  journal.note(`${name} runs ${kind} ${token}${how.again ? ' again' : ''}${how.redelivered ? ' redelivered' : ''}`)
  return run
}

function takeTime(actor: Actor, run: Run, handling: Handling): Promise<void> {
  const { runtime } = actor.machine.host
  const fails = actor.dice.chance(handling.fails)
  return new Promise((resolve, reject) => {
    runtime.after(actor.dice.next() * handling.takesMs, () => {
      run.endMs = runtime.now()
      run.result = fails ? 'failed' : 'done'
      if (fails) reject(new Error('this handler fails now and then'))
      else resolve()
    })
  })
}
