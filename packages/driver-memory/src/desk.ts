import type { Answer, Batch } from '@spanwire/driver'
import { Claim } from './claim.js'
import type { Gate } from './gate.js'
import type { Job, JobEnd } from './job.js'
import { Keys } from './keys.js'
import { Line } from './line.js'
import type { Taking } from './taking.js'
import type { Wakeable } from './turns.js'

/** What differs between a queue, a topic's group and an rpc channel. */
export interface Kind {
  /** How a delivery is settled. */
  readonly settles: 'ack' | 'answer'
  /** How long a delivery stays its consumer's; Infinity: as long as its link. */
  readonly leaseMs: number
  /** The next job that is not in line yet; undefined: none now. */
  more(): Job | undefined
  /** What will not come, once. */
  lost(): Batch['lost']
  /** The job left for good. */
  ended(job: Job): void
}

/** Jobs that wait behind others of their key; a group reads no further then. */
const MAX_PARKED = 10_000

/**
 * Hands jobs to consumers: one job to one consumer at a time, in order, in turn among those that wait, never ahead of a
 * pull. What a consumer does not settle comes back with its old rank.
 */
export class Desk implements Wakeable {
  awake = false
  readonly gate: Gate
  readonly kind: Kind
  readonly line: Line<Job> = new Line()
  readonly #keys: Keys = new Keys()
  readonly #members: Taking[] = []
  #turn = 0
  /** Rank of the next new job. */
  rank = 0
  /** Deliveries that are with consumers. */
  taken = 0

  constructor(gate: Gate, kind: Kind) {
    this.gate = gate
    this.kind = kind
  }

  get members(): readonly Taking[] {
    return this.#members
  }

  get parked(): number {
    return this.#keys.parked
  }

  /** A new job, or a delayed one whose time has come. */
  add(job: Job): void {
    job.state = 'waiting'
    this.line.add(job)
    this.#watchExpiry(job)
    this.look()
  }

  /** There may be more for somebody. */
  look(): void {
    if (this.#members.length > 0) this.gate.wake(this)
  }

  /** Not before a time on the engine's clock. */
  addLater(job: Job, at: number): void {
    job.state = 'later'
    this.gate.agenda.set(job, Math.min(at, job.entry.expiresAt))
  }

  join(member: Taking): void {
    this.#members.push(member)
  }

  leave(member: Taking): void {
    const at = this.#members.indexOf(member)
    if (at < 0) return
    this.#members.splice(at, 1)
    if (this.kind.settles !== 'answer' || this.#members.length > 0 || this.line.length === 0) return
    this.gate.post({ weight: 0, run: () => this.#endUnseen(), freeze: () => undefined })
  }

  /** What the member may have now. */
  serve(member: Taking): Batch | undefined {
    if (!this.gate.isOpen) return undefined
    for (let claim = this.#claim(member); claim !== undefined; claim = this.#claim(member)) member.hold(claim)
    return this.#batch(member)
  }

  flush(): void {
    if (!this.gate.isOpen) return
    let given = this.#members.length > 0
    while (given) given = this.#round()
    for (const member of this.#members.slice()) {
      if (!member.waiting) continue
      const batch = this.#batch(member)
      if (batch !== undefined) member.offer(batch)
    }
  }

  /** The consumer said what became of it. */
  settle(claim: Claim, how: 'ack' | { readonly retryMs: number } | Answer): void {
    this.gate.agenda.remove(claim)
    const job = claim.job
    this.taken--
    // Its sender gave up waiting.
    if (job.state !== 'taken') return
    if (how === 'ack') this.end(job, { by: 'ack' })
    else if (!('retryMs' in how)) this.end(job, { by: 'answer', answer: how })
    else if (how.retryMs > 0) this.addLater(job, this.gate.now() + how.retryMs)
    else this.#comeBack(job)
  }

  /** The consumer has lost it, or gives it back. */
  giveBack(claim: Claim): void {
    this.gate.agenda.remove(claim)
    const job = claim.job
    this.taken--
    if (job.state !== 'taken') return
    if (this.kind.settles === 'answer') this.end(job, { by: 'lost' })
    else this.#comeBack(job)
  }

  lease(claim: Claim): void {
    if (this.kind.leaseMs < Number.POSITIVE_INFINITY) this.gate.agenda.set(claim, this.gate.now() + this.kind.leaseMs)
  }

  onDue(job: Job): void {
    if (job.entry.expiresAt <= this.gate.now()) this.end(job, { by: 'expired', taken: job.state === 'taken' })
    else if (job.state === 'later') this.#again(job)
  }

  end(job: Job, end: JobEnd): void {
    this.withdraw(job)
    job.told?.(end)
  }

  /** Takes the job away, wherever it is, and tells nobody. */
  withdraw(job: Job): void {
    if (job.state === 'done') return
    if (job.state === 'waiting') this.line.remove(job)
    const next = this.#keys.release(job)
    job.state = 'done'
    this.gate.agenda.remove(job)
    if (next !== undefined) this.add(next)
    this.kind.ended(job)
  }

  /** Nobody has seen these, and nobody is there who could. */
  #endUnseen(): void {
    if (this.#members.length > 0) return
    for (const job of [...this.line]) this.end(job, { by: 'nobody' })
  }

  #comeBack(job: Job): void {
    if (job.entry.expiresAt <= this.gate.now()) this.end(job, { by: 'expired', taken: true })
    else this.#again(job)
  }

  #again(job: Job): void {
    // A delayed one queues up now; one that was at work before keeps its rank.
    if (job.attempts === 0) job.index = this.rank++
    else this.#keys.vacate(job)
    this.add(job)
  }

  #round(): boolean {
    let given = false
    for (let left = this.#members.length; left > 0; left--) {
      const member = this.#members[this.#turn++ % this.#members.length]
      if (member?.waiting !== true) continue
      const claim = this.#claim(member)
      if (claim === undefined) continue
      member.hold(claim)
      given = true
    }
    return given
  }

  #claim(member: Taking): Claim | undefined {
    if (!member.hasRoom) return undefined
    for (let job = this.line.head ?? this.#more(); job !== undefined; ) {
      const behind: Job | undefined = job.behind
      if (this.#keys.isBusy(job)) {
        this.line.remove(job)
        this.#keys.park(job)
      } else if (member.takes(job.entry.path)) {
        return this.#give(job, member)
      }
      job = behind ?? this.#more()
    }
    return undefined
  }

  #give(job: Job, member: Taking): Claim {
    this.line.remove(job)
    this.#keys.occupy(job)
    job.state = 'taken'
    job.attempts++
    this.taken++
    // A request has its deadline while somebody works on it, too.
    if (this.kind.settles === 'ack') this.gate.agenda.remove(job)
    const claim = new Claim(job, member)
    this.lease(claim)
    return claim
  }

  #more(): Job | undefined {
    if (this.#keys.parked >= MAX_PARKED) return undefined
    const job = this.kind.more()
    if (job === undefined) return undefined
    job.state = 'waiting'
    this.line.add(job)
    return job
  }

  #batch(member: Taking): Batch | undefined {
    const lost = this.kind.lost()
    const deliveries = member.handOver()
    if (deliveries.length === 0 && lost === undefined) return undefined
    return lost === undefined ? { deliveries } : { deliveries, lost }
  }

  #watchExpiry(job: Job): void {
    if (job.entry.expiresAt < Number.POSITIVE_INFINITY) this.gate.agenda.set(job, job.entry.expiresAt)
    else this.gate.agenda.remove(job)
  }
}
