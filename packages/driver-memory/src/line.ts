/** What stands in a {@link Line}: at most one, once. */
export interface Standing<T> {
  /** Its rank. Lower ones come first. */
  index: number
  before: T | undefined
  behind: T | undefined
}

/** Jobs that wait, in order of their index: linked through themselves, so that any can leave at once. */
export class Line<T extends Standing<T>> {
  head: T | undefined
  #last: T | undefined
  length = 0

  /** Usually behind all others (new), or before nearly all (given back). */
  add(job: T): void {
    if (this.#last === undefined || this.#last.index < job.index) this.#insert(job, this.#last)
    else this.#insert(job, this.#lastBelow(job.index))
  }

  remove(job: T): void {
    if (job.before === undefined) this.head = job.behind
    else job.before.behind = job.behind
    if (job.behind === undefined) this.#last = job.before
    else job.behind.before = job.before
    job.before = undefined
    job.behind = undefined
    this.length--
  }

  *[Symbol.iterator](): Generator<T> {
    for (let job = this.head; job !== undefined; job = job.behind) yield job
  }

  #lastBelow(index: number): T | undefined {
    let below: T | undefined
    for (let job = this.head; job !== undefined && job.index < index; job = job.behind) below = job
    return below
  }

  #insert(job: T, before: T | undefined): void {
    const behind = before === undefined ? this.head : before.behind
    job.before = before
    job.behind = behind
    if (before === undefined) this.head = job
    else before.behind = job
    if (behind === undefined) this.#last = job
    else behind.before = job
    this.length++
  }
}
