import type { Response } from './proto.js'

/** Where answers are awaited. The first one counts; later ones, and those to nobody, are dropped without a word (6). */
export class Inboxes {
  readonly #waiting: Map<string, (response: Response) => void> = new Map()
  #made = 0

  open(hear: (response: Response) => void): string {
    const name = `_INBOX.${(++this.#made).toString(36)}.${Date.now().toString(36)}`
    this.#waiting.set(name, hear)
    return name
  }

  close(name: string): void {
    this.#waiting.delete(name)
  }

  /** `false`: nobody waits there. */
  answer(name: string, response: Response): boolean {
    const hear = this.#waiting.get(name)
    this.#waiting.delete(name)
    hear?.(response)
    return hear !== undefined
  }
}
