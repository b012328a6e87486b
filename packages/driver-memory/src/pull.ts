import type { Batch } from '@spanwire/driver'
import { invalid } from './errors.js'

const ENDED: Promise<undefined> = Promise.resolve(undefined)
const BEAT: Batch = { deliveries: [] }

type State =
  | { readonly at: 'idle' }
  | {
      readonly at: 'waiting'
      readonly resolve: (batch: Batch | undefined) => void
      readonly reject: (error: Error) => void
      /** A tick has passed since the pull. */
      ticked: boolean
    }
  | { readonly at: 'failed'; readonly error: Error }
  | { readonly at: 'over' }

const IDLE: State = { at: 'idle' }
const OVER: State = { at: 'over' }

/** The pulling side of a reception: at most one wait, beats while it lasts, one end. */
export class Pull {
  #state: State = IDLE

  get waiting(): boolean {
    return this.#state.at === 'waiting'
  }

  get over(): boolean {
    return this.#state.at === 'over' || this.#state.at === 'failed'
  }

  /** `ready`: what is there now, undefined for nothing. */
  next(ready: () => Batch | undefined): Promise<Batch | undefined> {
    const state = this.#state
    switch (state.at) {
      case 'over':
        return ENDED
      case 'waiting':
        return Promise.reject(invalid('next() was called while an earlier call still waits'))
      case 'failed':
        this.#state = OVER
        return Promise.reject(state.error)
      case 'idle': {
        const batch = ready()
        if (batch !== undefined) return Promise.resolve(batch)
        return new Promise((resolve, reject) => {
          this.#state = { at: 'waiting', resolve, reject, ticked: false }
        })
      }
      default:
        return state satisfies never
    }
  }

  /** Only while {@link waiting}. */
  offer(batch: Batch): void {
    if (this.#state.at !== 'waiting') return
    this.#state.resolve(batch)
    this.#state = IDLE
  }

  /** Called each half beat: a wait that has seen a whole one gets an empty batch. */
  tick(): void {
    if (this.#state.at !== 'waiting') return
    if (this.#state.ticked) this.offer(BEAT)
    else this.#state.ticked = true
  }

  end(): void {
    if (this.#state.at === 'waiting') this.#state.resolve(undefined)
    if (this.#state.at !== 'failed') this.#state = OVER
  }

  /** The pull that waits, else the next one, rejects. */
  fail(error: Error): void {
    if (this.over) return
    if (this.#state.at !== 'waiting') {
      this.#state = { at: 'failed', error }
      return
    }
    this.#state.reject(error)
    this.#state = OVER
  }
}
