import type { Page } from '../src/index.js'

/** The life of a page, played by hand. Counts who listens. */
export class PlayedPage implements Page {
  readonly document = Object.assign(new CountingTarget(), { visibilityState: 'visible' as DocumentVisibilityState })
  readonly window = new CountingTarget()

  get listeners(): number {
    return this.document.count + this.window.count
  }

  /** Another tab, or back to this one. */
  turn(visibilityState: DocumentVisibilityState): void {
    this.document.visibilityState = visibilityState
    this.document.dispatchEvent(new Event('visibilitychange'))
  }

  /** The user leaves; browsers say so in this order. */
  leave(): void {
    this.window.dispatchEvent(new Event('pagehide'))
    this.turn('hidden')
  }

  /** The user comes back by the back button. */
  comeBack(): void {
    this.document.visibilityState = 'visible'
    this.window.dispatchEvent(new Event('pageshow'))
    this.document.dispatchEvent(new Event('visibilitychange'))
  }

  online(): void {
    this.window.dispatchEvent(new Event('online'))
  }
}

class CountingTarget extends EventTarget {
  readonly #listeners = new Set<string>()

  get count(): number {
    return this.#listeners.size
  }

  override addEventListener(type: string, listener: EventListenerOrEventListenerObject | null): void {
    this.#listeners.add(type)
    super.addEventListener(type, listener)
  }

  override removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null): void {
    this.#listeners.delete(type)
    super.removeEventListener(type, listener)
  }
}
