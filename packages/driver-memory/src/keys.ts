import type { Job } from './job.js'
import { Line } from './line.js'

interface Lane {
  /** One of the key is with a consumer, or waits to be tried again. */
  busy: boolean
  readonly parked: Line<Job>
}

/** Order per key across competing consumers: one job of a key is at work at a time, the others are parked behind it. Bound: the jobs there are. */
export class Keys {
  readonly #lanes: Map<string, Lane> = new Map()
  parked = 0

  isBusy(job: Job): boolean {
    return job.key !== undefined && this.#lanes.get(job.key)?.busy === true
  }

  /** The job, of a busy key, has left the line. */
  park(job: Job): void {
    if (job.key === undefined) return
    this.#lanes.get(job.key)?.parked.add(job)
    job.state = 'parked'
    this.parked++
  }

  /** The job is at work from now on. */
  occupy(job: Job): void {
    if (job.key === undefined) return
    const lane = this.#lanes.get(job.key)
    if (lane === undefined) this.#lanes.set(job.key, { busy: true, parked: new Line() })
    else lane.busy = true
  }

  /** The job that was at work goes back into line: it is again the first of its key. */
  vacate(job: Job): void {
    const lane = job.key === undefined ? undefined : this.#lanes.get(job.key)
    if (lane !== undefined) lane.busy = false
  }

  /** The job is gone for good, in whatever state it is. Gives the one that may stand in line now. */
  release(job: Job): Job | undefined {
    const lane = job.key === undefined ? undefined : this.#lanes.get(job.key)
    if (job.key === undefined || lane === undefined) return undefined
    if (job.state === 'parked') {
      this.#unpark(lane, job)
      return undefined
    }
    const wasAtWork = job.state === 'taken' || (job.state === 'later' && job.attempts > 0)
    if (lane.busy && !wasAtWork) return undefined
    lane.busy = false
    const next = lane.parked.head
    if (next !== undefined) this.#unpark(lane, next)
    if (lane.parked.length === 0) this.#lanes.delete(job.key)
    return next
  }

  #unpark(lane: Lane, job: Job): void {
    lane.parked.remove(job)
    this.parked--
  }
}
